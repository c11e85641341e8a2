"""Earlier runs, a line of JSON each, so that a run can say what the last one found."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from edge.bench.rows import Report
from edge.settings.folders import Folders, cannot_write, private_folder


class History:
    """Runs of `edge bench` on this machine, oldest first. Reading forgives everything."""

    def __init__(self, folders: Folders) -> None:
        self.path: Path = folders.data / "bench.jsonl"

    def last_of(self, report: Report) -> dict[str, float]:
        """What edge measured last of the same model on this machine, by the row's name."""
        about, found = report.conditions, dict[str, float]()
        for run in self._runs():
            if (run.get("model"), run.get("machine")) == (about.model, about.machine):
                found |= _edge_values(run.get("rows"))
        return found

    def add(self, report: Report) -> None:
        """Append a run; raises UsageError or DiskFull."""
        private_folder(self.path.parent)
        line = report.as_json(indent=None).encode() + b"\n"
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT
        try:
            # Unbuffered: a line is one write, whole or cut at its end.
            with open(os.open(self.path, flags, 0o600), "rb+", buffering=0) as file:
                # Behind a line that was cut a new one would be lost with it.
                file.write(b"\n" + line if _is_cut(file) else line)
        except OSError as cause:
            raise cannot_write(self.path, cause) from cause

    def _runs(self) -> Iterator[dict[str, object]]:
        try:
            lines = self.path.read_bytes().splitlines()
        except OSError:
            return
        for line in lines:
            try:
                run = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(run, dict):
                yield run


def _is_cut(file: IO[bytes]) -> bool:
    if not file.seek(0, os.SEEK_END):
        return False
    file.seek(-1, os.SEEK_END)
    return file.read(1) != b"\n"


def _edge_values(rows: object) -> dict[str, float]:
    """The values of the rows that are whole."""
    found = {}
    for row in rows if isinstance(rows, list) else []:
        name, value = (row.get("name"), row.get("edge")) if isinstance(row, dict) else (None, None)
        if isinstance(name, str) and isinstance(value, int | float):
            found[name] = float(value)
    return found
