"""A conversation as Markdown: what is written in it, under who wrote it (pure)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from edge.cli.export.blocks import closed
from edge.cli.export.telling import ending_of, facts_of, reasoning_of, title_of, who_replied
from edge.cli.page.escape import safe
from edge.cli.words import log as words
from edge.core.conversation import Conversation, Turn

_MARKS = re.compile(r"([\\`*_\[\]<>#|~])")


def as_markdown(conversation: Conversation) -> str:
    """The branch the talk is at. Replies stand as they were written: they are Markdown."""
    return "\n\n".join(_parts(conversation)) + "\n"


def _parts(conversation: Conversation) -> Iterator[str]:
    yield f"# {_as_text(title_of(conversation))}"
    yield " · ".join(map(_as_text, facts_of(conversation)))
    if conversation.system:
        yield f"## {words.system_prompt()}"
        yield _written(conversation.system)
    for turn in conversation.turns:
        yield from _turn(turn)


def _turn(turn: Turn) -> Iterator[str]:
    yield f"## {words.you()}{f' · {words.pinned()}' if turn.pinned else ''}"
    yield _written(turn.prompt.text)
    yield f"## {_as_text(who_replied(turn))}"
    if thought := reasoning_of(turn).strip():
        yield _quoted(f"*{words.thought_first()}*\n\n{_written(thought)}")
    if reply := turn.reply.text:
        yield _written(reply)
    if ended := ending_of(turn):
        yield f"*({ended})*"


def _written(text: str) -> str:
    """A text of somebody's, where what follows it stands for itself."""
    return closed(safe(text).strip("\n"))


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())


def _as_text(line: str) -> str:
    r"""A line that is no Markdown, as Markdown.

    >>> print(_as_text("a*b"))
    a\*b
    """
    return _MARKS.sub(r"\\\1", safe(line))
