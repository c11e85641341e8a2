"""A JSON schema that replies are held to: read before anything is asked, and checked at the end."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

from edge.core.errors import ReplyUnfit, UsageError
from edge.core.say import say
from edge.engine.schema_form import form_of
from edge.engine.schema_told import told
from edge.engine.schema_words import refused

_ROOT = "#"


@dataclass(frozen=True, slots=True)
class Schema:
    """A sound schema of a kind that replies can be held to; `text` is its JSON on one line."""

    text: str
    _check: Callable[[Any], Any]

    @staticmethod
    def read(text: str) -> Schema:
        """The schema a text holds; raises UsageError that names the place of what is wrong."""
        import fastjsonschema

        schema = _json(text)
        try:
            form_of(schema)
            check = fastjsonschema.compile(told(schema), use_default=False)
            line = json.dumps(schema, ensure_ascii=False, separators=(",", ":"))
            line.encode()
        except fastjsonschema.JsonSchemaDefinitionException as cause:
            raise refused(_ROOT, str(cause)) from cause
        except UnicodeEncodeError as cause:
            raise refused(_ROOT, say("it holds half of a character")) from cause
        # The check is a program, which Python reads: values too may be too much for it.
        except (RecursionError, SyntaxError, MemoryError) as cause:
            raise refused(_ROOT, say("it is too large, or nested too deeply")) from cause
        return Schema(line, check)

    def asked(self, prompt: str) -> str:
        """The prompt with the schema behind it: a small model writes better what it was told."""
        return f"{prompt}\n\nAnswer with JSON that follows this JSON schema:\n{self.text}"

    def valid(self, reply: str) -> str:
        """The reply as JSON that no terminal obeys; raises ReplyUnfit where it is not valid."""
        import fastjsonschema

        try:
            self._check(_value(reply))
        except fastjsonschema.JsonSchemaValueException as cause:  # a ValueError too
            raise ReplyUnfit(
                # Its own message names what the reply says, which is nobody's but the user's.
                say("the reply is whole JSON but breaks {rule!r} of the schema", rule=cause.rule),
                hint=_again(),
            ) from cause
        except ValueError as cause:
            raise ReplyUnfit(
                say("the reply is not whole JSON: {why}", why=cause), hint=_again()
            ) from cause
        except (RecursionError, ArithmeticError) as cause:
            raise ReplyUnfit(
                say("the reply is nested too deeply, or holds a number too large, to be checked"),
                hint=_again(),
            ) from cause
        return "".join(_spelt(character) for character in reply.strip())


def _again() -> str:
    return say("ask again, or with another --seed")


def _json(text: str) -> dict[str, Any]:
    try:
        schema = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as cause:
        raise UsageError(
            say("the schema is not JSON: {why}", why=cause),
            hint=say("a JSON schema is needed, such as: {example}", example='{"type": "object"}'),
        ) from cause
    if not isinstance(schema, dict):
        raise refused(_ROOT, say("a schema is an object here"))
    return schema


def _value(reply: str) -> Any:
    return json.loads(reply, parse_constant=_no_constant)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(say("{name} is no number of JSON", name=name))


def _spelt(character: str) -> str:
    """A character as JSON may spell it: what cannot be seen is written out.

    Within JSON such a one stands in a string only, where both mean the same.
    """
    if character.isprintable() or character == "\n":
        return character
    return json.dumps(character)[1:-1]
