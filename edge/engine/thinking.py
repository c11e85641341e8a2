"""Split `<think>…</think>` from the answer while the text is still arriving in pieces."""

from __future__ import annotations

from enum import Enum, auto

from edge.core.event import Channel
from edge.engine.text import tail_that_may_begin

OPEN = "<think>"
CLOSE = "</think>"


class _Stage(Enum):
    START = auto()  # nothing but newlines yet: a block may open
    OPENED = auto()  # right after <think>: one newline belongs to the tag
    THOUGHT = auto()
    CLOSED = auto()  # right after </think>: two newlines belong to the tag
    ANSWER = auto()


class ThinkingSplitter:
    r"""Sorts the text of one reply into reasoning and answer, however it is cut.

    Only a block at the start of the reply counts; a later "<think>" is part of
    an answer about templates. The newlines the formats write around the tags go
    with them ("<think>\n", "\n</think>\n\n"), and so do newlines before a tag
    that opens the reply. A block that is never closed stays reasoning. A
    "</think>" that opens the reply (a model closing the empty block its prompt
    had closed already) is dropped; anywhere else outside a block it is text.

    >>> splitter = ThinkingSplitter()
    >>> splitter.feed("<think>\nhm\n</th")
    [(<Channel.REASONING: 'reasoning'>, 'hm')]
    >>> splitter.feed("ink>\n\nYes.")
    [(<Channel.ANSWER: 'answer'>, 'Yes.')]
    """

    def __init__(self, *, inside: bool = False) -> None:
        """`inside`: the prompt already ended with the opening tag and its newline."""
        self._stage = _Stage.THOUGHT if inside else _Stage.START
        self._newlines_to_drop = 2
        self._held = ""

    def feed(self, text: str) -> list[tuple[Channel, str]]:
        """What is certain after this piece, in order; no text in it is empty."""
        self._held += text
        if self._stage is _Stage.START:
            self._leave_start()
        if self._stage is _Stage.OPENED and self._held:
            self._held = self._held.removeprefix("\n")
            self._stage = _Stage.THOUGHT
        thought = self._take_thought() if self._stage is _Stage.THOUGHT else ""
        if self._stage is _Stage.CLOSED:
            self._drop_newlines()
        answer = self._take(len(self._held)) if self._stage is _Stage.ANSWER else ""
        return _spans(thought, answer)

    def close(self) -> list[tuple[Channel, str]]:
        """What was held back because it might have become a tag."""
        rest = self._take(len(self._held))
        return _spans(rest, "") if self._stage is _Stage.THOUGHT else _spans("", rest)

    def _leave_start(self) -> None:
        body = self._held.lstrip("\n")
        for tag, stage in ((OPEN, _Stage.OPENED), (CLOSE, _Stage.CLOSED)):
            if body.startswith(tag):
                self._stage, self._held = stage, body.removeprefix(tag)
                return
        if not (OPEN.startswith(body) or CLOSE.startswith(body)):
            self._stage = _Stage.ANSWER

    def _take_thought(self) -> str:
        end = self._held.find(CLOSE)
        if end < 0:
            held = tail_that_may_begin(self._held, (CLOSE, "\n" + CLOSE))
            return self._take(len(self._held) - held)
        thought = self._take(end)
        self._take(len(CLOSE))
        self._stage = _Stage.CLOSED
        return thought.removesuffix("\n")

    def _drop_newlines(self) -> None:
        while self._newlines_to_drop and self._held.startswith("\n"):
            self._newlines_to_drop -= 1
            self._take(1)
        if self._held:
            self._stage = _Stage.ANSWER

    def _take(self, n_chars: int) -> str:
        taken, self._held = self._held[:n_chars], self._held[n_chars:]
        return taken


def _spans(thought: str, answer: str) -> list[tuple[Channel, str]]:
    both = ((Channel.REASONING, thought), (Channel.ANSWER, answer))
    return [(channel, text) for channel, text in both if text]
