"""Small Qwen models on this machine: `edge.open()` gives a Runtime, a Session talks.

The public names are found when first used, so `import edge` itself costs next
to nothing and loads no engine, no HTTP client and no terminal library.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge.chat.session import Session
    from edge.core.conversation import Conversation, Outcome, Turn
    from edge.core.decision import Decision, Reason, Signals, Target
    from edge.core.errors import EdgeError
    from edge.core.event import (
        Attempt,
        Channel,
        Confidence,
        Delta,
        Done,
        Event,
        Notice,
        NoticeCode,
        Phase,
        Progress,
        Routed,
        StopReason,
        Switched,
        Usage,
    )
    from edge.core.message import Label, Message, Role
    from edge.runtime import Runtime, open
    from edge.settings.chosen import Settings

    __version__: str

__all__ = [
    "Attempt",
    "Channel",
    "Confidence",
    "Conversation",
    "Decision",
    "Delta",
    "Done",
    "EdgeError",
    "Event",
    "Label",
    "Message",
    "Notice",
    "NoticeCode",
    "Outcome",
    "Phase",
    "Progress",
    "Reason",
    "Role",
    "Routed",
    "Runtime",
    "Session",
    "Settings",
    "Signals",
    "StopReason",
    "Switched",
    "Target",
    "Turn",
    "Usage",
    "__version__",
    "open",
]

# Where each public name lives; the imports above say the same to type checkers.
_ROOMS = {
    "edge.chat.session": "Session",
    "edge.core.conversation": "Conversation Outcome Turn",
    "edge.core.decision": "Decision Reason Signals Target",
    "edge.core.errors": "EdgeError",
    "edge.core.event": "Attempt Channel Confidence Delta Done Event Notice NoticeCode Phase"
    " Progress Routed StopReason Switched Usage",
    "edge.core.message": "Label Message Role",
    "edge.runtime": "Runtime open",
    "edge.settings.chosen": "Settings",
}


def __getattr__(name: str) -> object:
    if name == "__version__":
        return _version()
    for room, names in _ROOMS.items():
        if name in names.split():
            return _fetch(room, name)
    raise AttributeError(f"module 'edge' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _fetch(room: str, name: str) -> object:
    """A name from its room, kept here so that the next use finds it at once."""
    from importlib import import_module

    value: object = getattr(import_module(room), name)
    globals()[name] = value
    return value


def _version() -> str:
    """The version installed; a checkout that was never installed has none."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("edge-qwen")
    except PackageNotFoundError:
        return "0+checkout"
