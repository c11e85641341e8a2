"""A JSON schema as the check of replies takes it (pure).

The check resolves references on its own: by the addresses of `$id`, which it would even
fetch, and by names in which 人 and 书, or Item and item, are one. It also writes nested
places as nested blocks, of which Python has 20. So it is told every place as a definition
of its own, under plain names, and nothing that only annotates.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from edge.core.say import say
from edge.engine.schema_words import ANNOTATIONS, OF_TYPE, SHAPES, refused, types_of

Told = dict[str, Any]


def told(schema: object) -> Told:
    """The schema as it is checked; only for one that a form can be made of."""
    return _Telling(schema).whole()


def pointed_at(schema: object, pointer: object, place: str) -> object:
    """What a reference means; raises UsageError with its place where there is nothing."""
    if not isinstance(pointer, str) or not (pointer == "#" or pointer.startswith("#/")):
        raise refused(place, say("only what stands in this file can be referred to"))
    for escaped in unquote(pointer).split("/")[1:]:
        step = escaped.replace("~1", "/").replace("~0", "~")
        if not isinstance(schema, dict) or step not in schema:
            raise refused(place, say("there is no {pointer!r}", pointer=pointer))
        schema = schema[step]
    return schema


class _Telling:
    """One schema while it is told; places wait in a list, however deep they are."""

    def __init__(self, schema: object) -> None:
        self._schema = schema
        self._names: dict[int, str] = {}  # by identity: a place may be reached on many ways
        self._waiting: list[tuple[str, Told]] = []

    def whole(self) -> Told:
        first, definitions = self._place(self._schema), {}
        while self._waiting:
            name, place = self._waiting.pop()
            definitions[name] = self._definition(place)
        return {"allOf": [first], "definitions": definitions}

    def _place(self, schema: Any) -> Any:
        """A reference to a place, which is told later."""
        while isinstance(schema, dict) and "$ref" in schema:
            schema = pointed_at(self._schema, schema["$ref"], "#")
        if not isinstance(schema, dict):
            return schema
        if id(schema) not in self._names:
            self._names[id(schema)] = f"d{len(self._names)}"
            self._waiting.append((self._names[id(schema)], schema))
        return {"$ref": f"#/definitions/{self._names[id(schema)]}"}

    def _definition(self, schema: Told) -> Told:
        said = {word: value for word, value in schema.items() if word not in ANNOTATIONS}
        if not said:
            return {}
        match next((word for word in SHAPES if word in said), None):
            case "const" | "enum":
                return said
            case str(shape):
                return {shape: [self._place(one) for one in said[shape]]}
        kinds = types_of(said, "#")
        heard = {word for kind in kinds for word in OF_TYPE[kind]}
        if "prefixItems" in said:
            said["items"] = said.pop("prefixItems")  # as an older draft has it
        parts = {word: self._part(said, word) for word in said if word in heard}
        return {"type": kinds} | parts

    def _part(self, said: Told, word: str) -> Any:
        match word, said[word]:
            case "properties", schemas:
                return {name: self._place(one) for name, one in schemas.items()}
            case "items", list(schemas):
                # What may not be there is not read.
                return [
                    self._place(one) for one in schemas[: int(said.get("maxItems", len(schemas)))]
                ]
            case (("items" | "additionalProperties"), schema):
                return self._place(schema)
            case _, value:
                return value
