"""What a chat says when something is asked again, edited, taken back or pinned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from edge.core.conversation import Turn
from edge.core.say import say, say_n

if TYPE_CHECKING:
    from edge.store.tree import Branch

_OPENING_CHARS = 60


def ask_first() -> str:
    """The next thing to type."""
    return say("ask something first")


def nothing_changed() -> str:
    """Answers /edit where the text stayed as it was."""
    return say("nothing was changed, so nothing was sent")


def changed_here(why: str) -> str:
    """Answers /edit where no editor can be run."""
    return say("{why}; change it here", why=why)


def undone(prompt: str, n_left: int) -> str:
    """Answers /undo."""
    left = say_n("{n} turn is left", "{n} turns are left", n_left)
    return say("taken back: {prompt}; {left}; /branches has it", prompt=in_short(prompt), left=left)


def goes_on_behind(n: int, prompt: str, *, was_followed: bool) -> str:
    """Answers /branch N."""
    begins = in_short(prompt)
    if not was_followed:
        return say("the talk goes on behind turn {n}: {prompt}", n=n, prompt=begins)
    return say(
        "the talk goes on behind turn {n}: {prompt}; /branches has what followed it",
        n=n,
        prompt=begins,
    )


def branch_now(n_turns: int) -> str:
    """Answers /branches N; its last turns follow."""
    return say_n("this branch of {n} turn goes on", "this branch of {n} turns goes on", n_turns)


def numbered(turns: Iterable[Turn]) -> str:
    """Answers /branch: the turns of this branch, each with how its prompt begins."""
    lines = [
        f"{n:>3}{'*' if turn.pinned else ' '} {in_short(turn.prompt.text)}"
        for n, turn in enumerate(turns, start=1)
    ]
    if not lines:
        return say("nothing has been said yet")
    legend = say("* is pinned; /branch N goes on behind a turn, /edit N says it otherwise")
    return "\n".join([*lines, legend])


def branches(here: Iterable[Branch], replies: Mapping[str, str]) -> str:
    """Answers /branches: each with how it begins where it departs from the others.

    `replies` are those to prompts that begin alike, by turn: they tell them apart.
    """
    lines = []
    for n, each in enumerate(here, start=1):
        size = say_n("{n} turn", "{n} turns", each.n_turns)
        reply = replies.get(each.departs_id, "")
        said = " → ".join(in_short(text) for text in (each.opening, reply) if text)
        told = say("{said} ({more})", said=said, more=size)
        lines.append(f"{'*' if each.is_current else ' '}{n:>3} {told}")
    if not lines:
        return say("nothing has been said yet")
    return "\n".join([*lines, say("* is this one; /branches N goes to another")])


def pinned(prompt: str, *, pinned: bool) -> str:
    """Answers /pin and /unpin."""
    if pinned:
        return say("pinned, so it is never left out: {prompt}", prompt=in_short(prompt))
    return say("no longer pinned: {prompt}", prompt=in_short(prompt))


def no_such_number(typed: str, n: int) -> str:
    """A number of nothing here."""
    return say("{typed} is none of the numbers 1 to {n}", typed=repr(typed), n=n)


def in_short(text: str) -> str:
    """How a text begins, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= _OPENING_CHARS else f"{line[:_OPENING_CHARS]}…"
