"""The time a row is shown with."""

from __future__ import annotations

from datetime import UTC, datetime


def utc_now() -> str:
    """ISO 8601 with a trailing Z; never used to order rows: clocks jump."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
