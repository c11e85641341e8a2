"""JSON schemas to try: drawn ones of all words that a grammar can force, and wrong ones."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

PATTERNS = [r"^[A-Z]{2,3}-\d+(?:a|b)?$", "^(yes|no|not yet)$", r"^\w+@\w+\.org$", "^x{0,2}y?$"]
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
NAMES = TEXTS.filter(lambda name: name not in ("", "*", "$ref"))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-99, 99) | st.floats(-9, 9) | TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=3,
)
_NUMBERS = st.tuples(st.integers(-9, 9), st.integers(0, 20)).map(
    lambda two: {"type": "integer", "minimum": two[0], "exclusiveMaximum": two[0] + two[1] + 1}
)
LEAVES = st.one_of(
    st.sampled_from([{"type": kind} for kind in ("boolean", "null", "integer", "number")]),
    _NUMBERS,
    st.integers(1, 9).map(lambda n: {"type": ["string", "null"], "maxLength": n}),
    st.integers(1, 9).map(lambda n: {"type": "string", "minLength": 1, "maxLength": n}),
    st.sampled_from([{"type": "string", "pattern": each} for each in PATTERNS]),
    # Not "date": a grammar does not know that February is short.
    st.sampled_from(["time", "uuid"]).map(
        lambda name: {"type": "string", "format": name, "description": "an hour, a thing …"}
    ),
    st.lists(VALUES, min_size=1, max_size=3).map(lambda each: {"enum": each}),
    VALUES.map(lambda each: {"const": each}),
    st.just({"$ref": "#/$defs/own"}),
)


def _object(parts: tuple[dict[str, Any], list[str], bool]) -> dict[str, Any]:
    properties, required, open_ended = parts
    told = {"type": "object", "properties": properties, "required": [*properties][::2] + required}
    return told if open_ended or required else told | {"additionalProperties": False}


SCHEMAS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.tuples(st.dictionaries(NAMES, inner, max_size=3), st.just([]), st.booleans()).map(
            _object
        ),
        inner.map(lambda each: {"type": "object", "additionalProperties": each}),
        st.tuples(inner, st.integers(0, 2), st.integers(0, 2)).map(
            lambda t: {"items": t[0], "minItems": t[1], "maxItems": t[1] + t[2]}
        ),
        st.lists(inner, min_size=1, max_size=2).map(
            lambda each: {"type": "array", "prefixItems": each}
        ),
        st.lists(inner, min_size=1, max_size=3).map(lambda each: {"anyOf": each}),
    ),
    max_leaves=6,
)
# A list of lists, for recursion: what is drawn may refer to it.
OWN = {"own": {"type": "array", "items": {"$ref": "#/$defs/own"}, "maxItems": 2}}

WRONG: list[tuple[object, str]] = [
    ({"type": "string", "not": {}}, "#/not"),
    ({"type": "object", "properties": {"a": {"if": {}}}}, "#/properties/a/if"),
    ({"items": [{"type": "text"}]}, "#/items/0/type"),
    ({"minimum": 3}, "#"),
    (False, "#"),
    ({"anyOf": []}, "#/anyOf"),
    ({"anyOf": [{}], "properties": {}}, "#/properties"),
    ({"allOf": [{}, {}]}, "#/allOf"),
    ({"enum": []}, "#/enum"),
    ({"type": "string", "enum": [1, None]}, "#/enum"),
    ({"$ref": "https://example.org/x.json"}, "#/$ref"),
    ({"$ref": "#/$defs/none"}, "#/$ref"),
    ({"$ref": "#/$defs/a", "$defs": {"a": {"anyOf": [{"$ref": "#/$defs/a"}]}}}, "#/$defs/a"),
    ({"$ref": "#"}, "#"),
    ({"$ref": "#/$defs/a%25b", "$defs": {"a%25b": {}}}, "#/$ref"),
    ({"const": {"a": [{"id": "http://127.0.0.1:9/", "$ref": "b"}]}}, "#/const"),
    ({"type": "string", "pattern": "^.*$"}, "#/pattern"),
    ({"type": "string", "pattern": "[a-z]+"}, "#/pattern"),
    ({"type": "string", "pattern": "^a(?=b)$"}, "#/pattern"),
    ({"type": "string", "minLength": 9, "maxLength": 3}, "#/minLength"),
    ({"type": "string", "minLength": 100_000}, "#/minLength"),
    ({"type": "array", "minItems": -1}, "#/minItems"),
    ({"type": "array", "prefixItems": [{}], "minItems": 2}, "#/prefixItems"),
    ({"type": "integer", "minimum": 3, "maximum": 2}, "#"),
    ({"type": "number", "minimum": "3"}, "#/minimum"),
    ({"type": "integer", "multipleOf": 0}, "#/multipleOf"),
    ({"items": {"type": "number", "multipleOf": -0.5}}, "#/items/multipleOf"),
    ({"type": "object", "properties": []}, "#/properties"),
    ({"type": "object", "properties": {"*": {}}}, "#/properties"),
    ({"type": "object", "properties": {"": {}}}, "#/properties"),
    ({"type": "object", "required": "a"}, "#/required"),
    ({"type": "object", "title": "\ud800"}, "#"),
    ({"type": "object", "required": ["a"], "additionalProperties": False}, "#/required"),
]

_TWO = {"p": {"anyOf": [{"$ref": "#/$defs/q"}]}, "q": {"items": [{"$ref": "#/$defs/p"}]}}
ENDLESS: list[tuple[object, str]] = [
    ({"properties": {"n": {"$ref": "#"}}, "required": ["n"]}, "#"),
    ({"additionalProperties": {"$ref": "#"}, "required": ["n"]}, "#"),
    ({"anyOf": [{"$ref": "#/$defs/p"}, {"type": "null"}], "$defs": _TWO}, "#/$defs/p"),
    (
        {
            "properties": {"a": {"$ref": "#/$defs/b"}},
            "$defs": {"b": {"items": {"$ref": "#/$defs/b"}, "minItems": 1}},
        },
        "#/$defs/b",
    ),
]
