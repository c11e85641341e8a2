"""Segments to tokens, keeping the very tokens the tape already holds for the same text.

Byte-pair encoding is not a bijection: a model may write "hello" with other
tokens than the tokenizer would choose. Where a segment says the same bytes as
the tape, the tape's own tokens stand, so nothing that was read is read again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Protocol

from edge.core.errors import ContextFull
from edge.core.say import say
from edge.engine.edge.template import Control, Segment, Text, guard

_START = "<|im_start|>"
# No token of a supported vocabulary is longer (128 bytes measured on Qwen2.5), so a
# text of more bytes than this per cell of context cannot fit and need not be tokenized.
_LONGEST_PIECE_BYTES = 512


class Vocabulary(Protocol):
    """What turning text into tokens needs of a model."""

    @property
    def boundaries(self) -> Mapping[int, str]:
        """Control and user-defined tokens with their names."""
        ...

    def tokenize(self, text: str, *, control: bool = False) -> list[int]:
        """Token ids of a text."""
        ...

    def piece(self, token: int) -> bytes:
        """The exact bytes of a token."""
        ...


@dataclass(frozen=True, slots=True)
class _Run:
    """Neighbouring tokens of the tape that are one segment: a control token, or text."""

    said: int | bytes
    tokens: tuple[int, ...]


def prompt_tokens(
    segments: Sequence[Segment], remembered: Sequence[int], vocab: Vocabulary
) -> list[int]:
    """The tokens of a prompt, equal to `remembered` as far as both say the same."""
    tokens: list[int] = []
    runs = _runs(remembered, vocab)
    for segment in segments:
        run = next(runs, None)
        if run is not None and run.said == _said(segment, vocab):
            tokens.extend(run.tokens)
            continue
        runs = iter(())  # behind the first difference nothing of the tape stands
        tokens.extend(segment_tokens(segment, vocab))
    return tokens


def segment_tokens(segment: Segment, vocab: Vocabulary) -> list[int]:
    """The tokens of one segment; a text never yields a control or user-defined token."""
    if isinstance(segment, Control):
        return vocab.tokenize(segment.text, control=True)
    pieces = guard(segment.text, frozenset(vocab.boundaries.values()))
    return [token for piece in pieces for token in vocab.tokenize(piece)]


def least_tokens(segments: Sequence[Segment]) -> int:
    """A number of tokens these segments cannot have less of, known without tokenizing them."""
    n_bytes = sum(len(segment.text.encode("utf-8", "replace")) for segment in segments)
    return n_bytes // _LONGEST_PIECE_BYTES


def too_long(n_tokens: int, n_ctx: int, *, at_least: bool = False) -> ContextFull:
    """The error for a prompt that leaves no room for a reply."""
    size = say("at least {n}", n=n_tokens) if at_least else str(n_tokens)
    return ContextFull(
        say("the prompt is {size} tokens and the context holds {n_ctx}", size=size, n_ctx=n_ctx),
        hint=say("a shorter prompt, or a larger --ctx"),
    )


def resting_places(tokens: Sequence[int], vocab: Vocabulary) -> list[int]:
    """Where a prompt can be gone back to: behind the system prompt, and where the reply opens.

    The second is right behind "assistant" and its newline: the last place a
    prompt has in common with how a later prompt will tell the same turn.
    """
    starts = [at for at, token in enumerate(tokens) if vocab.boundaries.get(token) == _START]
    if len(starts) < 2:
        return []
    opening = starts[-1] + 1
    while opening < len(tokens) and tokens[opening] not in vocab.boundaries:
        opening += 1
    return [starts[1], opening]


def common_prefix(one: Sequence[int], other: Sequence[int]) -> int:
    """How many tokens both begin with."""
    for at, (a, b) in enumerate(zip(one, other, strict=False)):
        if a != b:
            return at
    return min(len(one), len(other))


def _said(segment: Segment, vocab: Vocabulary) -> int | bytes:
    match segment:
        case Control(text):
            return vocab.tokenize(text, control=True)[0]
        case Text(text):
            return text.encode("utf-8", "replace")


def _runs(tokens: Sequence[int], vocab: Vocabulary) -> Iterator[_Run]:
    boundaries = vocab.boundaries
    for is_boundary, group in groupby(tokens, key=boundaries.__contains__):
        members = tuple(group)
        if is_boundary:
            yield from (_Run(token, (token,)) for token in members)
        else:
            yield _Run(b"".join(vocab.piece(token) for token in members), members)
