"""What the sessions of the tests are opened with."""

from __future__ import annotations

from collections.abc import Callable

from edge.chat.session import Session

OpenSession = Callable[..., Session]
