"""A grammar from a JSON schema: the library's own converter, where it goes wrong set right."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from edge.core.errors import UsageError
from edge.core.say import say
from edge.engine.edge.capi.binding import llama
from edge.engine.schema_form import form_of
from edge.engine.schema_words import refused

_LIBRARY: Any = llama.llama_grammar
# A raw line break or another control character within a string is no JSON.
_CHARACTER = r'[^"\\\x7F\x00-\x1F] | [\\] (["\\/bfnrt] | "u" [0-9a-fA-F]{4})'

_MOST_FORKS = 32  # one within the other: as deep as that many calls


def gbnf_of(schema: str) -> str:
    """The grammar of all JSON that the form of a schema allows; raises UsageError."""
    converter = _Converter(prop_order={}, allow_fetch=False, dotall=False, raw_pattern=False)
    try:
        form = form_of(json.loads(schema))
        converter.visit(converter.resolve_refs(form, "schema"), "")
    except RecursionError as cause:
        raise refused("#", say("it is too large, or nested too deeply")) from cause
    except (AssertionError, AttributeError, KeyError, TypeError, ValueError) as cause:
        raise UsageError(
            say("no grammar can be made of the schema: {cause}", cause=cause)
        ) from cause
    return str(converter.format_grammar())


class _Converter(_LIBRARY.SchemaConverter):  # type: ignore[misc]
    """Spells names and values as a model writes them, and lets strings be JSON alone."""

    def visit(self, schema: Any, name: str) -> Any:
        """A form as rules; the values of a list all at once, where they would be one by one."""
        return super().visit({"const": schema["enum"]} if "enum" in schema else schema, name)

    def _generate_constant_rule(self, values: list[Any]) -> str:
        spelt = {json.dumps(value, ensure_ascii=False) for value in values}
        return _one_of(sorted(spelt), _MOST_FORKS)

    def _format_literal(self, literal: str) -> str:
        # Given as JSON in ASCII, where a model writes the characters themselves.
        return _quoted(json.dumps(json.loads(literal), ensure_ascii=False))

    def _add_primitive(self, name: str, rule: Any) -> str:
        if name == "char":
            rule = _LIBRARY.BuiltinRule(_CHARACTER)
        return str(super()._add_primitive(name, rule))


def _one_of(texts: Sequence[str], most_forks: int) -> str:
    """Texts, in order, as a rule that says a beginning they share once, and then forks.

    A token is held against every text that can still be meant. Of 500 that begin alike
    that took 8 s a token with a vocabulary of 150,000; so it takes 0.05.
    """
    if len(texts) == 1 or not most_forks:
        return " | ".join(map(_quoted, texts))
    pairs = enumerate(zip(texts[0], texts[-1], strict=False))
    n_shared = next((n for n, (one, other) in pairs if one != other), len(texts[0]))
    behind: dict[str, list[str]] = {}
    for rest in (text[n_shared:] for text in texts):
        behind.setdefault(rest[:1], []).append(rest)
    may_end = "?" if behind.pop("", None) else ""
    forks = " | ".join(_one_of(rests, most_forks - 1) for rests in behind.values())
    return f"{_quoted(texts[0][:n_shared])} ({forks}){may_end}"


def _quoted(text: str) -> str:
    # The quotes and backslashes in it would end it early.
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
