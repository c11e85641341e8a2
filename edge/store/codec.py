"""Frozen dataclasses as JSON text, and back to equal values.

A field that the text lacks takes its default, and a field it has too much is
passed over, so rows of an older or newer edge stay readable.
"""

from __future__ import annotations

import json
from dataclasses import MISSING, Field, asdict, fields, is_dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

Value = TypeVar("Value")


def encode(value: Any) -> str:
    """A dataclass instance as one line of JSON; numbers keep every digit."""
    return json.dumps(asdict(value), default=str, separators=(",", ":"))


def decode(kind: type[Value], text: str) -> Value:
    """The instance that `encode` was given; raises ValueError when the text holds none."""
    try:
        value: Value = _build(kind, json.loads(text))
    except (TypeError, KeyError, ArithmeticError, RecursionError) as cause:
        raise ValueError(f"not a {kind.__name__}: {cause}") from cause
    return value


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _build(kind: Any, raw: Any) -> Any:
    origin, parts = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return _build_either(parts, raw)
    if origin is tuple:
        return _build_tuple(parts, raw)
    if isinstance(kind, type) and is_dataclass(kind):
        return _build_instance(kind, raw)
    if isinstance(kind, type) and issubclass(kind, Enum | Decimal):
        return kind(raw)
    if kind is date:
        return date.fromisoformat(raw)
    # A float that holds no fraction may have been given, and written, as an int.
    if kind is not Any and not isinstance(raw, (int, float) if kind is float else origin or kind):
        raise ValueError(f"{raw!r} is not a {kind}")
    return raw


def _build_either(kinds: tuple[Any, ...], raw: Any) -> Any:
    if raw is None and NoneType in kinds:
        return None
    for kind in kinds:
        try:
            return _build(kind, raw)
        except (ValueError, TypeError):
            continue
    raise ValueError(f"{raw!r} is none of {kinds}")


def _build_tuple(parts: tuple[Any, ...], raw: Any) -> tuple[Any, ...]:
    if not isinstance(raw, list):
        raise ValueError(f"{raw!r} is not a list")
    if len(parts) == 2 and parts[1] is Ellipsis:
        parts = (parts[0],) * len(raw)
    return tuple(_build(part, each) for part, each in zip(parts, raw, strict=True))


def _build_instance(kind: type, raw: Any) -> Any:
    if not isinstance(raw, dict):
        raise ValueError(f"{raw!r} is not an object")
    hints = _hints(kind)
    given = {
        entry.name: _build(hints[entry.name], raw[entry.name])
        for entry in fields(kind)
        if entry.name in raw or _required(entry)
    }
    return kind(**given)


def _required(entry: Field[Any]) -> bool:
    return entry.default is MISSING and entry.default_factory is MISSING
