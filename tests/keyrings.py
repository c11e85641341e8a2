"""Key stores of every kind, for `keyring` to find; chosen by PYTHON_KEYRING_BACKEND."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError


class Sound(KeyringBackend):
    """Keeps keys in the file of EDGE_TEST_KEYRING, for runs to share."""

    priority = 5  # type: ignore[assignment]

    def get_password(self, service: str, username: str) -> str | None:
        return self._kept().get(f"{service}/{username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        self._path.write_text(json.dumps(self._kept() | {f"{service}/{username}": password}))

    def delete_password(self, service: str, username: str) -> None:
        kept = self._kept()
        if kept.pop(f"{service}/{username}", None) is None:
            raise PasswordDeleteError("no such key")
        self._path.write_text(json.dumps(kept))

    @property
    def _path(self) -> Path:
        return Path(os.environ["EDGE_TEST_KEYRING"])

    def _kept(self) -> dict[str, str]:
        return json.loads(self._path.read_text()) if self._path.exists() else {}


class Failing(Sound):
    """Raises what no caller could name."""

    def get_password(self, service: str, username: str) -> str | None:
        raise RuntimeError("the bus is gone")

    set_password = delete_password = get_password  # type: ignore[assignment]


class Forgetting(Sound):
    """Takes a key, says nothing, and has none."""

    def set_password(self, service: str, username: str, password: str) -> None:
        """Done."""


class Hanging(Sound):
    """Never answers."""

    def get_password(self, service: str, username: str) -> str | None:
        threading.Event().wait()
        return None

    set_password = delete_password = get_password  # type: ignore[assignment]


class Prompting(Sound):
    """Would ask in the terminal, as stores in plain files do; who asks it gets what was typed."""

    priority = 0.6  # type: ignore[assignment]

    def get_password(self, service: str, username: str) -> str | None:
        return "as-typed"

    set_password = delete_password = get_password  # type: ignore[assignment]
