"""A JSON schema in the one form a grammar is made of (pure).

The converter that makes the grammar passes over what it does not know, and goes
wrong where words stand together that it reads one at a time. So every schema is
brought to a form it reads right: the form allows nothing the schema forbids, but for
bounds of numbers, great lengths and the like, which are checked when the reply is
there. What cannot be brought to it is refused with its place.
"""

from __future__ import annotations

import json
from typing import Any

from edge.core.say import say
from edge.engine.schema_ends import begins_with, ending
from edge.engine.schema_pattern import forced_pattern
from edge.engine.schema_told import pointed_at
from edge.engine.schema_words import (
    ANNOTATIONS,
    FORCED_FORMATS,
    KNOWN,
    LONGEST_TEXT,
    MOST_ITEMS,
    SHAPES,
    TYPES,
    bounds,
    refused,
    see_numbers,
    types_of,
    values,
    whole_numbers,
)

Form = dict[str, Any]

_MOST_PLACES = 2_000
_DEEPEST = 32
# As much as becomes a grammar in about a second: what may be left out costs the converter the
# square of their number, and takes a frame of Python each.
_MOST_OPTIONAL = 128
_MOST_VALUES = 2_000
_MOST_NUMBERS = 5_000


def form_of(schema: object) -> Form:
    """The schema as a grammar is made of it; raises UsageError that names the place."""
    return _Reading(schema).form()


def _anything() -> Form:
    return {"anyOf": [{"type": kind} for kind in TYPES if kind != "integer"]}


class _Reading:
    """One schema while it is read; definitions that are referred to get names of their own."""

    def __init__(self, schema: object) -> None:
        self._schema = schema
        self._names: dict[str, str] = {}
        self._definitions: dict[str, Form] = {}
        self._n_places = self._n_values = self._n_numbers = 0
        # The converter names its rules after properties: no property's name may hold this one.
        text = json.dumps(schema)
        self._stem = next(stem for n in range(1, len(text) + 2) if (stem := "d" * n) not in text)

    def form(self) -> Form:
        form = self.read(self._schema, "#", 0)
        self._refuse_endless_beginnings()
        self._refuse_endless()
        # The converter does not look for definitions beside a reference.
        form = {"anyOf": [form]} if "$ref" in form else form
        return form | {"$defs": self._definitions} if self._definitions else form

    def read(self, schema: object, place: str, depth: int) -> Form:
        self._n_places += 1
        if self._n_places > _MOST_PLACES or depth > _DEEPEST:
            raise refused(place, say("it is too large, or nested too deeply"))
        if schema is True:
            return _anything()
        if not isinstance(schema, dict):
            raise refused(place, say("a schema is an object here"))
        said = {word: value for word, value in schema.items() if word not in ANNOTATIONS}
        for word in said:
            if word not in KNOWN:
                raise refused(f"{place}/{word}", say("this word is not known"))
        return _Place(self, said, place, depth).form() if said else _anything()

    def refer(self, pointer: object, place: str, depth: int) -> Form:
        """A definition under its own name; raises UsageError where there is none."""
        target = pointed_at(self._schema, pointer, place)
        pointer = str(pointer)
        if pointer not in self._names:
            name = self._names[pointer] = f"{self._stem}-{len(self._names)}-"
            self._definitions[name] = self.read(target, pointer, depth + 1)
        return {"$ref": f"#/$defs/{self._names[pointer]}"}

    def list_values(self, found: list[Any], place: str) -> Form:
        """So many values more, all of which stand in the grammar; raises UsageError."""
        self._n_values += len(found)
        if self._n_values > _MOST_VALUES:
            why = say(
                "{n} values as far as here; {most} at most", n=self._n_values, most=_MOST_VALUES
            )
            raise refused(place, why)
        return {"enum": found}

    def bears(self, numbers: list[int]) -> bool:
        """Whether so many whole numbers more can be listed; if not, they are checked at the end."""
        self._n_numbers += len(numbers)
        return self._n_numbers <= _MOST_NUMBERS

    def _refuse_endless_beginnings(self) -> None:
        """Definitions that begin with themselves: no text could ever be held to them."""
        for pointer, name in self._names.items():
            ahead, seen = begins_with(self._definitions[name]), set[str]()
            while ahead:
                if (other := ahead.pop()) == name:
                    raise refused(pointer, say("it is defined by itself"))
                if other not in seen:
                    seen.add(other)
                    ahead |= begins_with(self._definitions[other])

    def _refuse_endless(self) -> None:
        """Definitions that require themselves again: a reply held to one never ends."""
        can_end = ending(self._definitions)
        for pointer, name in self._names.items():
            if name not in can_end:
                raise refused(pointer, say("what it requires goes on without end"))


class _Place:
    """One place of a schema: what it says, annotations aside."""

    def __init__(self, reading: _Reading, said: Form, place: str, depth: int) -> None:
        self._reading, self._said, self._place, self._depth = reading, said, place, depth

    def form(self) -> Form:
        if shape := next((word for word in SHAPES if word in self._said), None):
            return self._shape(shape)
        forms = [self._of_type(kind) for kind in types_of(self._said, self._place)]
        return forms[0] if len(forms) == 1 else {"anyOf": forms}

    def _shape(self, shape: str) -> Form:
        """A place that says what it is by one word alone."""
        is_list = shape in ("const", "enum")
        alone = {shape, "type"} if is_list else {shape}
        if beside := next((word for word in self._said if word not in alone), None):
            at = f"{self._place}/{beside}"
            raise refused(at, say("it cannot stand beside {shape}", shape=shape))
        if is_list:
            found = values(self._said, self._place)
            return self._reading.list_values(found, f"{self._place}/{shape}")
        if shape == "$ref":
            return self._reading.refer(self._said[shape], f"{self._place}/{shape}", self._depth)
        return self._alternatives(shape)

    def _alternatives(self, word: str) -> Form:
        each = self._said[word]
        if not isinstance(each, list) or not each:
            raise refused(f"{self._place}/{word}", say("a list of schemas is needed"))
        if word == "allOf" and len(each) > 1:
            raise refused(f"{self._place}/{word}", say("only one schema can stand in it"))
        forms = [self._read(one, f"{word}/{n}") for n, one in enumerate(each)]
        return forms[0] if len(forms) == 1 else {"anyOf": forms}

    def _of_type(self, kind: str) -> Form:
        match kind:
            case "object":
                return self._object()
            case "array":
                return self._array()
            case "string":
                return self._string()
            case "integer":
                see_numbers(self._said, self._place)
                few = whole_numbers(self._said, self._place)
                if few is not None and self._reading.bears(few):
                    return {"enum": few}
            case "number":
                see_numbers(self._said, self._place)
        return {"type": kind}

    def _object(self) -> Form:
        properties, others = self._said.get("properties", {}), self._others()
        required = self._said.get("required", [])
        # The converter takes such names for words of its own.
        if not isinstance(properties, dict) or {"", "*", "$ref"} & properties.keys():
            at = f"{self._place}/properties"
            raise refused(at, say("names with schemas are needed; none is empty, * or $ref"))
        if not isinstance(required, list) or any(not isinstance(name, str) for name in required):
            raise refused(f"{self._place}/required", say("a list of names is needed"))
        if (n_optional := len(properties.keys() - set(required))) > _MOST_OPTIONAL:
            why = say("{n} optional properties; {most} at most", n=n_optional, most=_MOST_OPTIONAL)
            raise refused(f"{self._place}/properties", why)
        forms = {name: self._read(one, f"properties/{name}") for name, one in properties.items()}
        for name in (name for name in required if name not in forms):
            if (form := self._others()) is None:  # read anew: it is a place of its own
                at = f"{self._place}/required"
                raise refused(at, say("{name!r} is not allowed", name=name))
            forms[name] = form
        if forms or others is None:
            told = {"properties": forms, "required": required, "additionalProperties": False}
            return {"type": "object", **told}
        return {"type": "object", "additionalProperties": others}

    def _others(self) -> Form | None:
        """What properties of other names hold; None where there may be none."""
        allowed = self._said.get("additionalProperties", True)
        return None if allowed is False else self._read(allowed, "additionalProperties")

    def _array(self) -> Form:
        least, most = bounds(self._said, self._place, MOST_ITEMS)
        word = "prefixItems" if "prefixItems" in self._said else "items"
        items = self._said.get(word, True)
        if not isinstance(items, list):
            form: Form = {"type": "array", "items": self._read(items, word), "minItems": least}
            return form if most is None else form | {"maxItems": most}
        told = items if most is None else items[:most]
        if least > len(told) or not told:
            raise refused(f"{self._place}/{word}", say("so many items are not described"))
        forms = [self._read(one, f"{word}/{n}") for n, one in enumerate(told)]
        return {"type": "array", "items": forms}

    def _string(self) -> Form:
        if "pattern" in self._said:
            pattern = self._said["pattern"]
            forced = forced_pattern(pattern) if isinstance(pattern, str) else None
            if forced is None:
                at = f"{self._place}/pattern"
                raise refused(at, say("only simple patterns from ^ to $ are known"))
            return {"type": "string", "pattern": forced}
        if self._said.get("format") in FORCED_FORMATS:
            return {"type": "string", "format": self._said["format"]}
        least, most = bounds(self._said, self._place, LONGEST_TEXT)
        if not least and most is None:
            return {"type": "string"}
        form: Form = {"type": "string", "minLength": least}
        return form if most is None else form | {"maxLength": most}

    def _read(self, schema: object, step: str) -> Form:
        return self._reading.read(schema, f"{self._place}/{step}", self._depth + 1)
