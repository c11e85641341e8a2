"""Small things remembered between runs that nobody would miss, as the model used last."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from edge.settings.folders import Folders, cannot_write, private_folder


class State:
    """A small file of remembered values. Reading forgives everything; writing is atomic."""

    def __init__(self, folders: Folders) -> None:
        self._path = folders.data / "state.json"

    @property
    def last_model(self) -> str | None:
        """The model used last; None when nothing is remembered or the file is unreadable."""
        model = self._read().get("last_model")
        return model if isinstance(model, str) else None

    def remember_model(self, name: str) -> None:
        """Remember the model used last; raises UsageError or DiskFull."""
        values = self._read()
        if values.get("last_model") != name:
            self._write(json.dumps(values | {"last_model": name}))

    def threads(self, model: str) -> int | None:
        """How many threads write fastest on this machine with a model, if that was tried."""
        count = self._table("threads").get(model)
        return count if isinstance(count, int) and count > 0 else None

    def remember_threads(self, model: str, count: int) -> None:
        """Remember how many threads write fastest; raises UsageError or DiskFull."""
        self._add("threads", model, count)

    def faster(self, model: str) -> Mapping[str, bool]:
        """Whether each way to hold a model is faster than the plain one, where that was tried."""
        tried = self._table("faster").get(model)
        found = tried.items() if isinstance(tried, dict) else ()
        return {name: is_so for name, is_so in found if isinstance(is_so, bool)}

    def remember_faster(self, model: str, found: Mapping[str, bool]) -> None:
        """Remember which ways to hold a model are faster; raises UsageError or DiskFull."""
        self._add("faster", model, {**self.faster(model), **found})

    def _table(self, name: str) -> dict[str, object]:
        table = self._read().get(name)
        return table if isinstance(table, dict) else {}

    def _add(self, table: str, name: str, value: object) -> None:
        self._write(json.dumps(self._read() | {table: self._table(table) | {name: value}}))

    def _read(self) -> dict[str, object]:
        try:
            values = json.loads(self._path.read_bytes())
        except (OSError, ValueError, RecursionError):
            return {}
        return values if isinstance(values, dict) else {}

    def _write(self, text: str) -> None:
        private_folder(self._path.parent)
        try:
            # Made by mkstemp with mode 0600, beside the file so that the rename is atomic.
            descriptor, name = tempfile.mkstemp(dir=self._path.parent, prefix=".state-")
            try:
                with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                    file.write(text)
                    file.flush()
                    os.fsync(file.fileno())
                Path(name).replace(self._path)
            except BaseException:
                with suppress(OSError):
                    Path(name).unlink()
                raise
        except OSError as cause:
            raise cannot_write(self._path, cause) from cause
