"""A conversation as JSON: every turn with all that is known of it, to be read in elsewhere."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from edge.cli.export.answer import plain
from edge.core.conversation import Conversation, Turn

SCHEMA_VERSION = 1

_NOT_PLAIN = re.compile(r"[^\n -~]")


def as_json(conversation: Conversation, turns: Sequence[Turn] = ()) -> str:
    """The whole record as JSON for people's eyes too; its strings are exactly those kept."""
    return readable_json(record(conversation, turns))


def record(conversation: Conversation, turns: Sequence[Turn] = ()) -> dict[str, Any]:
    """The conversation as plain values. `turns` are all of its tree, parents first.

    Left out they are those of the branch it is at; `branch` lists their ids.
    """
    return {
        "schema_version": SCHEMA_VERSION,
        "id": conversation.id,
        "title": conversation.title,
        "model": conversation.model,
        "started_at_utc": conversation.started_at_utc,
        "label": plain(conversation.label),
        "system": conversation.system,
        "system_label": plain(conversation.system_label),
        "summary": plain(conversation.summary),
        "branch": [turn.id for turn in conversation.turns],
        "turns": [_turn(turn) for turn in turns or conversation.turns],
    }


def readable_json(document: dict[str, Any]) -> str:
    """JSON in which every script stays readable and nothing steers a terminal.

    >>> print(readable_json({"said": "你好 \\u202e"}))
    {
      "said": "你好 \\u202e"
    }
    """
    # Outside strings JSON is plain ASCII, so what is found here stands inside one.
    text = json.dumps(document, indent=2, ensure_ascii=False)
    return _NOT_PLAIN.sub(_spelled, text)


def _spelled(found: re.Match[str]) -> str:
    """A character as it is where it can be seen, else as JSON escapes it."""
    char = found[0]
    return char if char.isprintable() else json.dumps(char)[1:-1]


def _turn(turn: Turn) -> dict[str, Any]:
    told: dict[str, Any] = plain(turn)
    return told | {"reply": turn.reply.text}
