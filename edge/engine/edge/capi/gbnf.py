"""A grammar from a JSON schema: the library's own converter, where it goes wrong set right."""

from __future__ import annotations

import json
from typing import Any

from edge.core.errors import UsageError
from edge.core.say import say
from edge.engine.edge.capi.binding import llama
from edge.engine.schema_form import form_of

_LIBRARY: Any = llama.llama_grammar
# A raw line break or another control character within a string is no JSON.
_CHARACTER = r'[^"\\\x7F\x00-\x1F] | [\\] (["\\/bfnrt] | "u" [0-9a-fA-F]{4})'


def gbnf_of(schema: str) -> str:
    """The grammar of all JSON that the form of a schema allows; raises UsageError."""
    form = form_of(json.loads(schema))
    converter = _Converter(prop_order={}, allow_fetch=False, dotall=False, raw_pattern=False)
    try:
        converter.visit(converter.resolve_refs(form, "schema"), "")
    except (AssertionError, AttributeError, KeyError, TypeError, ValueError) as cause:
        raise UsageError(
            say("no grammar can be made of the schema: {cause}", cause=cause)
        ) from cause
    return str(converter.format_grammar())


class _Converter(_LIBRARY.SchemaConverter):  # type: ignore[misc]
    """Spells names and values as a model writes them, and lets strings be JSON alone."""

    def _format_literal(self, literal: str) -> str:
        # Given as JSON in ASCII; the quotes and backslashes in it would end a literal early.
        plain = json.dumps(json.loads(literal), ensure_ascii=False)
        return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'

    def _add_primitive(self, name: str, rule: Any) -> str:
        if name == "char":
            rule = _LIBRARY.BuiltinRule(_CHARACTER)
        return str(super()._add_primitive(name, rule))
