"""Where the forms of a schema begin, and which of them can end (pure)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

Form = Mapping[str, Any]


def begins_with(form: Form) -> set[str]:
    """The definitions whose text would stand first in what this form allows."""
    if "$ref" in form:
        return {_name(form)}
    return {name for each in form.get("anyOf", ()) for name in begins_with(each)}


def ending(definitions: Mapping[str, Form]) -> set[str]:
    """The definitions that a text of some length can be held to.

    >>> again = {"properties": {"n": {"$ref": "#/$defs/a"}}, "required": ["n"]}
    >>> sorted(ending({"a": again, "b": {"anyOf": [{"$ref": "#/$defs/a"}, {"type": "null"}]}}))
    ['b']
    """
    found: set[str] = set()
    while more := {n for n, form in definitions.items() if n not in found and _ends(form, found)}:
        found |= more
    return found


def _ends(form: Form, known: Collection[str]) -> bool:
    """Whether it can end, as far as it is known which definitions do."""
    if "$ref" in form:
        return _name(form) in known
    if "anyOf" in form:
        return any(_ends(each, known) for each in form["anyOf"])
    return all(_ends(each, known) for each in _needed(form))


def _needed(form: Form) -> Iterator[Form]:
    """The parts that no text of this form is without."""
    for name in form.get("required", ()):
        yield form["properties"][name]
    items = form.get("items", ())
    if isinstance(items, list):
        yield from items
    elif form.get("minItems"):
        yield items


def _name(reference: Form) -> str:
    return str(reference["$ref"]).rpartition("/")[2]
