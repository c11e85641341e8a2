"""A talk in short, by the model itself: how it is asked for a summary or a title (pure)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from edge.core.conversation import Summary
from edge.core.decision import Capability
from edge.core.event import StopReason
from edge.core.message import Label, Message, Role
from edge.core.spec import Sampling
from edge.routing.checks import EMPTY, REFUSED, REPEATING, checks
from edge.routing.signals import language_of

_SUMMARY_TOKENS = 256
# More than the question below and what stands around two messages.
_FRAME_TOKENS = 32
_TITLE_TOKENS = 24
_TITLE_CHARS = 60

# The language of the talk, and not of the interface: a small model goes on in it.
# Facts, line by line: asked to "summarise", a model of half a billion parameters repeats
# the last turn or refuses.
_SUMMARISE = {
    "zh": "请逐行列出我们到目前为止的对话中最重要的事实，包括名字和数字。",
    "": "List the most important facts of our conversation so far, one per line, with names "
    "and numbers.",
}
_USELESS = frozenset({EMPTY, REFUSED, REPEATING})
_SO_FAR = {"zh": "我们到目前为止说了什么？", "": "What have we said so far?"}
_NAME_IT = {
    "zh": "请给这个对话起一个不超过十个字的标题。只写标题。",
    "": "Give this conversation a title of at most six words. Write the title alone.",
}


def room_tokens(n_ctx: int) -> int:
    """Tokens a summary may have: an eighth of a small context."""
    return min(_SUMMARY_TOKENS, n_ctx // 8)


def told_tokens(n_ctx: int) -> int:
    """Tokens a summary may take of a prompt, with the question it is told to answer."""
    return room_tokens(n_ctx) + _FRAME_TOKENS


def summarise(told: Sequence[Message]) -> Message:
    """The prompt for a summary, in the language of what it is to sum up."""
    return _asked(_SUMMARISE, told)


def name_it(told: Sequence[Message]) -> Message:
    """The prompt for a title, in the language of what was said."""
    return _asked(_NAME_IT, told)


def told_as(summary: Summary) -> tuple[Message, Message]:
    """A summary as the turn a model is told: any template knows turns."""
    question = _SO_FAR.get(language_of(summary.text), _SO_FAR[""])
    return (
        Message(Role.USER, question, summary.label),
        Message(Role.ASSISTANT, summary.text, summary.label),
    )


def is_useful(text: str) -> bool:
    """Whether a summary may stand for turns: not one that says nothing, or that it cannot."""
    return _USELESS.isdisjoint(checks(text, StopReason.END, Capability.TEXT))


def calmly(sampling: Sampling, max_tokens: int) -> Sampling:
    """The likeliest words, and not many."""
    return replace(sampling, temperature=0.0, max_tokens=max_tokens)


def for_title(sampling: Sampling) -> Sampling:
    """One line."""
    return replace(calmly(sampling, _TITLE_TOKENS), stop=("\n",))


def title_of(reply: str) -> str:
    """The title in what a model said; empty where there is none.

    >>> title_of(' **"Cats and their purring."** ')
    'Cats and their purring'
    """
    line = reply.strip().partition("\n")[0]
    line = line.removeprefix("Title:").removeprefix("标题：").strip(" \t#*_\"'`“”「」《》.。")
    seen = "".join(char for char in line if char.isprintable())
    return " ".join(seen.split())[:_TITLE_CHARS].rstrip()


def _asked(words: dict[str, str], told: Sequence[Message]) -> Message:
    said = " ".join(message.text for message in told if message.role is not Role.SYSTEM)
    label = Label.join(*(message.label for message in told))
    return Message(Role.USER, words.get(language_of(said), words[""]), label)
