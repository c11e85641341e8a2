"""Writes settings into a file a person also edits: their comments and their order stay."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, MutableMapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import InlineTable, Table

from edge.core.errors import UsageError
from edge.core.say import say
from edge.settings.chosen import flat_settings
from edge.settings.cloud import CloudSettings, cloud_in
from edge.settings.config_file import read_config, write_private
from edge.settings.folders import Folders

Keys = tuple[str, ...]  # ("cloud", "mode") is mode below [cloud]
Value = str | bool | int | float | Decimal | list[str] | None


def write_settings(folders: Folders, changes: Mapping[Keys, Value]) -> None:
    """Set values of config.toml all at once, or none of them.

    An amount (Decimal) is written as text, which is exact. Raises UsageError, nothing
    written, for a file that could not be read again afterwards; and UsageError or
    DiskFull where it cannot be written.
    """
    file = folders.config_file
    text = edited(_text(file), changes, file)
    _checked(text, file)
    write_private(file, text)


def preview(folders: Folders, changes: Mapping[Keys, Value]) -> CloudSettings:
    """What the file alone would say of the cloud after these changes; raises as they would."""
    file = folders.config_file
    return _checked(edited(_text(file), changes, file), file)


def write_toml(file: Path, changes: Mapping[Keys, Value]) -> None:
    """The same for another file of ours, whose content nobody checks."""
    write_private(file, edited(_text(file), changes, file))


def edited(text: str, changes: Mapping[Keys, Value], file: Path) -> str:
    """The text of a file with values changed.

    Raises UsageError where a table is wanted and a plain value stands.
    """
    document = tomlkit.parse(text)
    try:
        for path, value in changes.items():
            if value is None:
                _remove(document, path)
            else:
                _put(document, path, _written(value), file)
        fresh = tomlkit.dumps(document)
        # The writer has had faults with tables in unusual places; this file is the user's.
        if tomllib.loads(fresh) != _expected(tomllib.loads(text), changes):
            raise ValueError(say("another setting would change with it"))
    except (TOMLKitError, ValueError) as cause:
        raise UsageError(
            say("{file!r} cannot be changed: {cause}", file=str(file), cause=cause),
            hint=say("edit {file}", file=file),
        ) from cause
    return fresh if fresh.endswith("\n") else f"{fresh}\n"


def _text(file: Path) -> str:
    read_config(file)  # says what is wrong with a file that is no TOML
    try:
        return file.read_bytes().decode("utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        return ""


def _checked(text: str, file: Path) -> CloudSettings:
    """Raise UsageError for what load_settings or load_cloud would refuse."""
    flat_settings(tomllib.loads(text), file)
    return cloud_in(tomllib.loads(text, parse_float=Decimal), file, {}, offline=False)


def _put(table: MutableMapping[str, Any], path: Keys, value: object, file: Path) -> None:
    *parents, key = path
    for parent in parents:
        if parent not in table:
            table[parent] = _empty(table, leads_on=parent != parents[-1])
        table = table[parent]
        if not isinstance(table, MutableMapping):
            raise UsageError(
                say("{parent} is no table (in {file!r})", parent=parent, file=str(file)),
                hint=say("take it out of {file}", file=file),
            )
    table[key] = value


def _written(value: Value) -> Value:
    """A value as TOML has it: an exact amount is text."""
    return str(value) if isinstance(value, Decimal) else value


def _expected(before: dict[str, Any], changes: Mapping[Keys, Value]) -> dict[str, Any]:
    """What the file must hold afterwards, and nothing else; `before` is used up."""
    for path, value in changes.items():
        if value is None:
            _remove(before, path)
            continue
        *parents, key = path
        table = before
        for parent in parents:
            table = table.setdefault(parent, {})
        table[key] = _written(value)
    return before


def _empty(inside: MutableMapping[str, Any], *, leads_on: bool) -> Table | InlineTable:
    """A new table; one that only leads on to another needs no heading."""
    if isinstance(inside, InlineTable):
        return tomlkit.inline_table()
    return tomlkit.table(is_super_table=leads_on)


def _remove(table: Any, path: Keys) -> None:
    """Take a value away; a table that is left empty stays, with its comments."""
    *parents, key = path
    for parent in parents:
        table = table.get(parent) if isinstance(table, MutableMapping) else None
    if isinstance(table, MutableMapping):
        table.pop(key, None)
