"""Of the rows that were read from a damaged store: which table each is of (pure)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from edge.core.conversation import Outcome
from edge.core.event import Channel, StopReason
from edge.core.message import Label, Role
from edge.store.carve import Row, Value

Fields = dict[str, Any]

_ID = re.compile(r"[0-9a-z]{1,40}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")
_LABELS = tuple(map(int, Label))


@dataclass(frozen=True, slots=True)
class _Table:
    """A table's columns in their order, and how its rows are told from others.

    A row may end early: what a migration added later is not written to older rows.
    """

    name: str
    key: str  # the column that is the number of the row; empty where none is
    columns: str
    n_first: int
    fits: Callable[[Fields], bool]

    def read(self, rowid: int, values: tuple[Value, ...]) -> Fields | None:
        """The row under the names of its columns; None when it is not of this table."""
        names = self.columns.split()
        if not self.n_first <= len(values) <= len(names):
            return None
        found: Fields = dict(zip(names, values, strict=False)) | {"rowid": rowid}
        if self.key:
            found[self.key] = rowid
        return found if self.fits(found) else None


def _is_turn(row: Fields) -> bool:
    return (
        _is_id(row["id"])
        and _is_id(row["conversation_id"])
        and (row["parent_id"] is None or _is_id(row["parent_id"]))
        and row["role"] in tuple(Role)
        and row["label"] in _LABELS
        and row["outcome"] in tuple(Outcome)
        and _are(row, str, "text started_at_utc owner")
        and _are(row, int, "crc")
        and {row.get("reply_label", 0), row.get("pinned", 0)} <= set(_LABELS)
    )


def _is_conversation(row: Fields) -> bool:
    return (
        _is_id(row["id"])
        and _are(row, str, "model system")
        and _is_time(row["started_at_utc"])
        and _are(row, int, "used")
        and {row.get("label", 0), row.get("system_label", 0)} <= set(_LABELS)
        and isinstance(row.get("title", ""), str)
        and row.get("titled_by", "none") in ("none", "model", "user")
        and (row.get("head") is None or _is_id(row["head"]))
    )


def _is_attempt(row: Fields) -> bool:
    return (
        _is_id(row["turn_id"])
        and _are(row, int, "n")
        and _are(row, str, "decision model usage")
        and row["stop_reason"] in tuple(StopReason)
        and row.get("shown", 1) in (0, 1)
    )


def _is_span(row: Fields) -> bool:
    return (
        _are(row, int, "attempt_id n crc")
        and _are(row, str, "text")
        and (row["channel"] in tuple(Channel))
    )


def _is_summary(row: Fields) -> bool:
    return (
        _is_id(row["turn_id"])
        and _are(row, str, "text")
        and _are(row, int, "stands_for_tokens crc")
        and row["label"] in _LABELS
    )


def _is_reservation(row: Fields) -> bool:
    return (
        _is_id(row["turn_id"])
        and _is_time(row["at_utc"])
        and _are(row, str, "provider model reason day month currency")
        and _are(row, int, "most")
        and row["state"] in ("reserved", "settled", "released")
    )


def _is_send(row: Fields) -> bool:
    return (
        _is_time(row["at_utc"])
        and _are(row, str, "host provider model turn_ids sha256 currency")
        and _are(row, int, "n_bytes reservation_id most")
    )


def _is_policy(row: Fields) -> bool:
    return _are(row, str, "hash name text") and bool(re.fullmatch("[0-9a-f]{8,}", row["hash"]))


def _is_draft(row: Fields) -> bool:
    return _are(row, str, "key text") and _is_id(row["key"])


def _is_id(value: object) -> bool:
    return isinstance(value, str) and bool(_ID.fullmatch(value))


def _is_time(value: object) -> bool:
    return isinstance(value, str) and bool(_TIME.fullmatch(value))


def _are(row: Fields, kind: type, names: str) -> bool:
    return all(isinstance(row[name], kind) for name in names.split())


_TABLES = (
    _Table(
        "turns",
        "seq",
        "seq id conversation_id parent_id role text label crc started_at_utc outcome owner"
        " reply_label pinned",
        11,
        _is_turn,
    ),
    _Table("spans", "", "attempt_id n channel text crc packed", 5, _is_span),
    _Table(
        "attempts",
        "id",
        "id turn_id n decision model stop_reason usage confidence shown context",
        8,
        _is_attempt,
    ),
    _Table(
        "conversations",
        "",
        "id model system started_at_utc used label system_label title titled_by head",
        5,
        _is_conversation,
    ),
    _Table("summaries", "seq", "seq turn_id text stands_for_tokens label crc", 6, _is_summary),
    _Table(
        "reservations",
        "id",
        "id turn_id conversation_id provider model reason at_utc day month currency"
        " most cost state",
        13,
        _is_reservation,
    ),
    _Table(
        "sends",
        "id",
        "id at_utc host provider model turn_ids n_bytes sha256 reservation_id most currency",
        11,
        _is_send,
    ),
    _Table("policies", "", "hash name text", 3, _is_policy),
    _Table("drafts", "", "key text", 2, _is_draft),
)


@dataclass(frozen=True, slots=True)
class Wreck:
    """What was read of each table, in the order the rows were written in."""

    tables: dict[str, list[Fields]] = field(default_factory=dict)

    @classmethod
    def of(cls, rows: Iterable[Row]) -> Wreck:
        """Sort rows by the tables they are of; what is of none is left."""
        found: dict[str, list[Fields]] = {table.name: [] for table in _TABLES}
        for rowid, values in rows:
            for table in _TABLES:
                if (row := table.read(rowid, values)) is not None:
                    found[table.name].append(row)
                    break
        for each in found.values():
            each.sort(key=lambda row: row["rowid"])
        return cls(found)

    def __getitem__(self, table: str) -> list[Fields]:
        return self.tables[table]
