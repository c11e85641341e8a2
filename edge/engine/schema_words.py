"""The words of JSON schema that replies can be held to, and what they may say (pure)."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from edge.core.errors import UsageError
from edge.core.say import say

_NUMBERS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
OF_TYPE: Mapping[str, tuple[str, ...]] = {
    "object": ("properties", "required", "additionalProperties", "minProperties", "maxProperties"),
    "array": ("items", "prefixItems", "minItems", "maxItems", "uniqueItems"),
    "string": ("minLength", "maxLength", "pattern", "format"),
    "number": _NUMBERS,
    "boolean": (),
    "null": (),
    "integer": _NUMBERS,
}
TYPES = tuple(OF_TYPE)
# Where no type is said, these tell it.
TELLING = {"object": OF_TYPE["object"][:3], "array": OF_TYPE["array"][:2]}
# Each of these says by itself what a place is.
SHAPES = ("$ref", "anyOf", "oneOf", "allOf", "const", "enum")
ANNOTATIONS = frozenset(
    {"$schema", "$id", "$comment", "$defs", "definitions", "title", "description", "default"}
    | {"examples", "deprecated", "readOnly", "writeOnly"}
)
KNOWN = frozenset({"type", *SHAPES}.union(*OF_TYPE.values()))
FORCED_FORMATS = frozenset({"date", "time", "date-time", "uuid"})

# Each costs the grammar a rule within a rule; what is longer is checked at the end.
LONGEST_TEXT = 256
MOST_ITEMS = 128
_MOST_NUMBERS = 256


def refused(place: str, why: str) -> UsageError:
    """The error for a schema that replies cannot be held to."""
    return UsageError(
        say("the schema cannot be used at {place}: {why}", place=place, why=why),
        hint=say("take that out of the schema"),
    )


def is_of(value: object, kind: object) -> bool:
    """Whether a value is of a type, as JSON schema has them: 1.0 is an integer, true is none.

    >>> is_of(1.0, "integer"), is_of(True, "integer")
    (True, False)
    """
    if kind in ("integer", "number"):
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        return abs(value) < math.inf and (kind == "number" or value % 1 == 0)
    classes: Mapping[str, type] = {
        "boolean": bool,
        "null": type(None),
        "string": str,
        "array": list,
        "object": dict,
    }
    return isinstance(value, classes[str(kind)])


def types_of(said: Mapping[str, Any], place: str) -> list[str]:
    """The types a place says, or lets be told from its other words."""
    kinds = said.get("type") or [
        kind for kind, words in TELLING.items() if any(word in said for word in words)
    ]
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if not isinstance(kinds, list) or any(kind not in TYPES for kind in kinds):
        raise refused(f"{place}/type", say("a type is one of: {types}", types=", ".join(TYPES)))
    if not kinds:
        raise refused(place, say("it says no type"))
    return kinds


def values(said: Mapping[str, Any], place: str) -> list[Any]:
    """The values of an `enum` or a `const` that are of the type the place says, if any."""
    word = "const" if "const" in said else "enum"
    each = [said[word]] if word == "const" else said[word]
    if not isinstance(each, list):
        raise refused(f"{place}/{word}", say("a list of values is needed"))
    # The converter and the check take it for a word of the schema, and would look it up.
    if '"$ref":' in json.dumps(each):
        raise refused(f"{place}/{word}", say("no value can hold a name $ref"))
    kinds = types_of(said, place) if "type" in said else TYPES
    if fitting := [value for value in each if any(is_of(value, kind) for kind in kinds)]:
        return fitting
    raise refused(f"{place}/{word}", say("no value is allowed"))


def bounds(said: Mapping[str, Any], place: str, most_of: int) -> tuple[int, int | None]:
    """How many items or characters, or None for any number; `most_of` is what a grammar bears."""
    lower, upper = ("minItems", "maxItems") if most_of == MOST_ITEMS else ("minLength", "maxLength")
    for word in (lower, upper):
        if not is_of(said.get(word, 0), "integer") or said.get(word, 0) < 0:
            raise refused(f"{place}/{word}", say("a whole number from 0 on is needed"))
    least, most = int(said.get(lower, 0)), said.get(upper)
    if least > most_of or (most is not None and most < least):
        limit = most_of if most is None else min(most_of, int(most))
        raise refused(f"{place}/{lower}", say("it is {limit} at most", limit=limit))
    return least, None if most is None or most > most_of else int(most)


def see_numbers(said: Mapping[str, Any], place: str) -> None:
    """Raise UsageError where a bound or a step is none."""
    for word in _NUMBERS:
        if word in said and not is_of(said[word], "number"):
            raise refused(f"{place}/{word}", say("a number is needed"))
    if said.get("multipleOf", 1) <= 0:
        raise refused(f"{place}/multipleOf", say("a number above 0 is needed"))


def whole_numbers(said: Mapping[str, Any], place: str) -> list[int] | None:
    """All that the bounds allow, where they are few; None where they are checked at the end."""
    lows = [-(-said[word] // 1) for word in ("minimum",) if word in said]
    lows += [said[word] // 1 + 1 for word in ("exclusiveMinimum",) if word in said]
    highs = [said[word] // 1 for word in ("maximum",) if word in said]
    highs += [-(-said[word] // 1) - 1 for word in ("exclusiveMaximum",) if word in said]
    if not lows or not highs or max(lows) + _MOST_NUMBERS <= min(highs):
        return None
    # As it is written: 0.1 is a tenth, though no float is.
    exactly = Fraction(str(said.get("multipleOf", 1)))
    between = range(int(max(lows)), int(min(highs)) + 1)
    few = [n for n in between if exactly == 1 or n % exactly == 0]
    if not few:
        raise refused(place, say("no value is allowed"))
    return few
