"""Qwen chat formats in our own code: messages in, segments out; what users typed is never control.

All families speak ChatML: `<|im_start|>role\\n…<|im_end|>\\n`, message after message,
then the opening of the reply. `_MANNERS` holds how they differ, read from the
makers' own templates (tests/engine/templates), against which this is tested.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from edge.core.errors import UnsupportedModel, UsageError
from edge.core.message import Message, Role
from edge.core.say import say


@dataclass(frozen=True, slots=True)
class Control:
    """Exactly one special token, such as "<|im_start|>"."""

    text: str


@dataclass(frozen=True, slots=True)
class Text:
    """Words between two controls, the longest possible run.

    Tokenizers merge across a role's newline and the first characters of the
    message, so "user\\n" and the content must be tokenized as one.
    """

    text: str


Segment = Control | Text

_START = Control("<|im_start|>")
_END = Control("<|im_end|>")
_NOTHING: tuple[Segment, ...] = ()
_OPEN_THOUGHT = (Control("<think>"), Text("\n"))
_EMPTY_THOUGHT = (Control("<think>"), Text("\n\n"), Control("</think>"), Text("\n\n"))
_PAST_THOUGHT = re.compile(r"\s*<think>.*?</think>\n*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Manner:
    """What sets one family's format apart.

    `default_system` is what stands in when no system message is given,
    `forgets` cuts the reasoning out of past replies, `trims` strips the white
    space around every content; `thinking` and `plain` follow "assistant\\n".
    """

    default_system: str | None = None
    forgets: bool = False
    trims: bool = False
    thinking: tuple[Segment, ...] = _NOTHING
    plain: tuple[Segment, ...] = _NOTHING

    @property
    def answering(self) -> tuple[Segment, ...]:
        """What stands before the answer of a reply that is being written, its thoughts left out."""
        return _EMPTY_THOUGHT if self.forgets else _NOTHING


_MANNERS = {
    "qwen1.5": _Manner(default_system="You are a helpful assistant."),
    "qwen2.5": _Manner(
        default_system="You are Qwen, created by Alibaba Cloud. You are a helpful assistant."
    ),
    # A thinking Qwen3 writes its own <think>.
    "qwen3": _Manner(forgets=True, plain=_EMPTY_THOUGHT),
    "qwen3-instruct-2507": _Manner(),
    # Cannot be told not to think.
    "qwen3-thinking-2507": _Manner(forgets=True, thinking=_OPEN_THOUGHT, plain=_OPEN_THOUGHT),
    "qwen3.5": _Manner(forgets=True, trims=True, thinking=_OPEN_THOUGHT, plain=_EMPTY_THOUGHT),
}

# SHA-256 of the templates that model files carry, and the format of ours that says the same.
known_template_hashes: Mapping[str, str] = {
    "793202280c0910ab26bc6eb57c8212c2417324c6d8c4efd0d10d59092ab3e3eb": "qwen1.5",
    "cd8e9439f0570856fd70470bf8889ebd8b5d1107207f67a5efb46e342330527f": "qwen2.5",
    "d5495a1e5db0611132a97e46a65dbb64a642a499421228b9c8b93229097fa9a4": "qwen2.5",
    "a55ee1b1660128b7098723e0abcd92caa0788061051c62d51cbe87d9cf1974d8": "qwen3",
    "87a2728cb8dc9fe424d624542f6060ec05a1d285ebbec578bb078900e33396b5": "qwen3",
    "64f85b198065d0fba2a81f37e10ed68161ce2c19a754c7100e67e0ca2ee9c326": "qwen3-instruct-2507",
    "3802169b2a02b81e6adb7ab4f64f91ff02db753c8c3a64a01c35192d3a61d8d7": "qwen3-thinking-2507",
    "a4aee8afcf2e0711942cf848899be66016f8d14a889ff9ede07bca099c28f715": "qwen3.5",
    "273d8e0e683b885071fb17e08d71e5f2a5ddfb5309756181681de4f5a1822d80": "qwen3.5",
}


def render(
    messages: Sequence[Message], template: str, *, thinking: bool, shown: str = ""
) -> tuple[Segment, ...]:
    """The whole prompt: every message, and the opening of the reply.

    `template` names a family's format; `thinking` is ignored where it cannot be
    chosen. A past reply loses the think block it begins with where the family's
    own template cuts it; a "</think>" further on is kept, as text. With `shown`
    the reply opens with that text of its answer, and no thinking is to come.
    Raises UnsupportedModel for a name that is none, and UsageError for a
    conversation no template allows.

    >>> render([Message(Role.USER, "Hi")], "qwen3-instruct-2507", thinking=False)[:3]
    (Control(text='<|im_start|>'), Text(text='user\\nHi'), Control(text='<|im_end|>'))
    """
    manner = _manner(template)
    opening = manner.thinking if thinking else manner.plain
    if shown:
        opening = manner.answering
    reply = (_START, Text(f"{Role.ASSISTANT}\n"), *opening)
    return (*retell(messages, template), *reply[:-1], Text(reply[-1].text + shown))


def retell(messages: Sequence[Message], template: str) -> tuple[Segment, ...]:
    """These messages as later prompts will tell them: what every such prompt begins with."""
    manner = _manner(template)
    _check_order(messages)
    segments: list[Segment] = []
    if manner.default_system is not None and messages[0].role is not Role.SYSTEM:
        segments += _block(Role.SYSTEM, manner.default_system)
    for message in messages:
        segments += _block(message.role, _content(message, manner))
    return tuple(segments)


def opens_reasoning(template: str, thinking: bool) -> bool:
    """Whether the prompt itself ends inside a think block, so the reply starts in it."""
    manner = _manner(template)
    return (manner.thinking if thinking else manner.plain) == _OPEN_THOUGHT


def guard(text: str, specials: Collection[str]) -> tuple[str, ...]:
    """The text in pieces to be tokenized apart, none of which contains a special string.

    llama.cpp turns the names of user-defined tokens into those tokens even with
    control parsing off. Each name is cut after its first character, so it stays
    plain text. Names of one character cannot be cut and are let pass.

    >>> guard("a <think> b", ["<think>"])
    ('a <', 'think> b')
    """
    names = sorted(name for name in specials if len(name) > 1)
    if not names or not text:
        return (text,) if text else ()
    # A lookahead finds names that overlap as well.
    found = re.finditer(f"(?={'|'.join(map(re.escape, names))})", text)
    cuts = [0, *(match.start() + 1 for match in found), len(text)]
    return tuple(text[a:b] for a, b in pairwise(cuts))


def _manner(template: str) -> _Manner:
    try:
        return _MANNERS[template]
    except KeyError:
        raise UnsupportedModel(
            say(
                "no chat format is called {template!r}; there are {known}",
                template=template,
                known=", ".join(_MANNERS),
            ),
            hint=say("name one of these as the model's template in the catalog"),
        ) from None


def _check_order(messages: Sequence[Message]) -> None:
    if not messages:
        raise UsageError(
            say("there is no message to answer"), hint=say("send at least one message")
        )
    if any(message.role is Role.SYSTEM for message in messages[1:]):
        raise UsageError(
            say("a system message follows other messages"), hint=say("put the system message first")
        )


def _content(message: Message, manner: _Manner) -> str:
    text = message.text.strip() if manner.trims else message.text
    if manner.forgets and message.role is Role.ASSISTANT:
        thought = _PAST_THOUGHT.match(text)
        return text[thought.end() :] if thought else text
    return text


def _block(role: Role, content: str) -> tuple[Segment, ...]:
    return (_START, Text(f"{role}\n{content}"), _END, Text("\n"))
