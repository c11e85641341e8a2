"""A talk of twenty turns: how long each waits for its first token, beside the raw loop.

Both sides read the same new tokens at the same depth, in batches of the same
size, one after the other within each turn; before each of them the worker is
quiet, as it is while a user reads. Every conversation has a worker of its own,
so its first prompt is cold.

The raw loop is told the talk in its canonical form: rendered and tokenized
anew. What a turn cannot have read before is counted on that form and not asked
of the engine, and the engine has to agree: a turn costs what is new. Where a
template tells a past reply otherwise than it was written (Qwen3), that form is
read behind the reply by the engine, and by the raw loop off the clock; so it
stands where the engine does, also with models that cannot be rolled back.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from statistics import median

from edge.bench.effort import Effort
from edge.bench.heard import Heard, become_quiet, hear
from edge.bench.raw import RawLoop
from edge.bench.rows import Findings, Row, TurnRow
from edge.bench.subject import Subject
from edge.bench.texts import SYSTEM, TALK
from edge.chat.session import Session
from edge.core.errors import EdgeError, UsageError
from edge.core.event import StopReason
from edge.core.message import Message, Role
from edge.core.say import say
from edge.engine.edge.prompt import common_prefix
from edge.runtime import Runtime

REPLY_TOKENS = 40
_CLOSING_TOKENS = 2  # "<|im_end|>" and a line break behind every message


def turns(subject: Subject, effort: Effort) -> Findings:
    """Median and worst turn, and every turn; medians over the conversations."""
    talks = []
    with closing(subject.raw()) as raw:
        for n in range(effort.conversations):
            subject.tell(f"turns: conversation {n + 1} of {effort.conversations}")
            talks.append(_converse(subject, raw, n))
    table = tuple(_median_turn(same) for same in zip(*talks, strict=True))
    return Findings(_rows(table), table)


@dataclass(frozen=True, slots=True)
class Past:
    """A turn that is over: its prompt's tokens, and what was done with its reply.

    `cut` says that a limit ended it, so its last token was drawn and not read;
    `reread` that it was read again in the form later prompts tell it.
    """

    prompt: Sequence[int]
    cut: bool
    reread: bool


def unread_tokens(past: Past, told: Sequence[int], newest: Sequence[int]) -> int:
    """Tokens of the prompt `newest` that nobody can have read before: what its turn must cost.

    `told` is the talk before it, as every later prompt begins with it.
    """
    shared = common_prefix(past.prompt, told)
    if shared == len(past.prompt):  # the reply stands as it was written, but for its end
        open_end = _CLOSING_TOKENS + past.cut
    else:
        open_end = 0 if past.reread else len(told) - shared
    return len(newest) - len(told) + open_end


def check_cost(turn: int, heard: Heard, n_new: int) -> None:
    """Raise EdgeError when a turn read more than was new.

    It may read less by a reply's end: one that was cut within a character cannot
    be told as it was written, and so is read again behind the reply, whole.
    """
    if heard.n_read > n_new:
        raise EdgeError(
            say(
                "turn {turn} evaluated {n_read} tokens, and {n_new} were new",
                turn=turn,
                n_read=heard.n_read,
                n_new=n_new,
            )
        )


def _converse(subject: Subject, raw: RawLoop, n: int) -> list[TurnRow]:
    with subject.open(max_tokens=REPLY_TOKENS) as runtime:
        # Numbered, so that the raw loop does not find the last conversation's beginning.
        session = runtime.session(system=f"({n}) {SYSTEM}")
        talk = _Talk(runtime, session, raw, subject.options().rereads)
        runtime.engine.count_tokens(talk.messages(TALK[0]), thinking=False)  # loads the worker
        return [
            talk.take_turn(turn, text, raw_first=(turn + n) % 2 == 0)
            for turn, text in enumerate(TALK, start=1)
        ]


@dataclass
class _Talk:
    """One conversation, held with the engine and retold to the raw loop."""

    runtime: Runtime
    session: Session
    raw: RawLoop
    rereads: bool
    _past: Past | None = None

    def messages(self, text: str) -> list[Message]:
        return [*self._told(), Message(Role.USER, text)]

    def take_turn(self, turn: int, text: str, *, raw_first: bool) -> TurnRow:
        prompt = self._prompt(text)
        n_new = self._n_unread(prompt)
        raw_s = self._raw_s(prompt, n_new) if raw_first else None
        heard = self._hear(text)
        raw_s = self._raw_s(prompt, n_new) if raw_s is None else raw_s
        check_cost(turn, heard, n_new)
        self._past = self._past_of(prompt, heard)
        cached, edge_s = heard.usage.cached_tokens, heard.first_s
        return TurnRow(turn, heard.n_read, cached, raw_s * 1000, edge_s * 1000, edge_s / raw_s)

    def _prompt(self, text: str) -> list[int]:
        prompt = self.raw.tokens(self.messages(text))
        if len(prompt) > self.session.answering.budget_tokens:
            raise UsageError(
                say(
                    "{n} turns do not fit a context of {n_ctx} tokens",
                    n=len(TALK),
                    n_ctx=self.runtime.n_ctx,
                ),
                hint="edge bench --turns --ctx 4096",
            )
        return prompt

    def _n_unread(self, prompt: list[int]) -> int:
        if self._past is None:
            return len(prompt)
        return unread_tokens(self._past, self.raw.told(self._told()), prompt)

    def _past_of(self, prompt: list[int], heard: Heard) -> Past:
        # An empty answer, all of it thought, is nothing the engine would read again.
        reread = self.rereads and bool(self.session.turns[-1].reply.text)
        return Past(prompt, heard.stop_reason is StopReason.MAX_TOKENS, reread)

    def _told(self) -> list[Message]:
        past = [message for turn in self.session.turns for message in (turn.prompt, turn.reply)]
        return [Message(Role.SYSTEM, self.session.system), *past]

    def _hear(self, text: str) -> Heard:
        heard = hear(self.session, text)
        become_quiet(self.runtime)
        return heard

    def _raw_s(self, prompt: list[int], n_new: int) -> float:
        return self.raw.first_token_s(prompt, n_new, self.session.answering.sampling)


def _median_turn(same: Sequence[TurnRow]) -> TurnRow:
    """The same turn of all conversations as one."""
    return TurnRow(
        same[0].turn,
        round(median(each.new_tokens for each in same)),
        round(median(each.cached_tokens for each in same)),
        median(each.raw_ms for each in same),
        median(each.edge_ms for each in same),
        median(each.ratio for each in same),
    )


def _rows(table: Sequence[TurnRow]) -> tuple[Row, ...]:
    worst = max(table, key=lambda each: each.ratio)
    waits = [(each.raw_ms, each.edge_ms) for each in table]
    name = f"first token of a turn, worst ratio of {len(table)}"
    return (
        Row.of_pairs(f"first token of a turn, median of {len(table)}", waits, "ms"),
        Row(name, worst.raw_ms, worst.edge_ms, worst.ratio, "ms"),
    )
