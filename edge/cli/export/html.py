"""A conversation as one page of HTML that needs nothing else and does nothing (pure).

No script, no picture, no address is fetched when the page is looked at: the
page forbids it itself, and nothing that was said in the talk is HTML in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from html import escape
from importlib.resources import files

from edge.cli.export.blocks import as_blocks
from edge.cli.export.telling import ending_of, facts_of, reasoning_of, title_of, who_replied
from edge.cli.page.escape import safe
from edge.cli.words import log as words
from edge.core.conversation import Conversation, Turn

_FORBIDDEN = "default-src 'none'; style-src 'unsafe-inline'"


def as_html(conversation: Conversation) -> str:
    """The branch the talk is at; replies are drawn, prompts stand as they were typed."""
    return "\n".join(_lines(conversation)) + "\n"


def _lines(conversation: Conversation) -> Iterator[str]:
    title = _text(title_of(conversation))
    yield '<!doctype html>\n<html>\n<head>\n<meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{_FORBIDDEN}">'
    yield '<meta name="referrer" content="no-referrer">'
    yield f"<title>{title}</title>\n<style>\n{_style()}</style>\n</head>\n<body>"
    facts = " · ".join(map(_text, facts_of(conversation)))
    yield f'<header>\n<h1>{title}</h1>\n<p class="facts">{facts}</p>\n</header>\n<main>'
    if conversation.system:
        yield _typed("system", words.system_prompt(), conversation.system)
    for turn in conversation.turns:
        yield from _turn(turn)
    yield "</main>\n</body>\n</html>"


def _turn(turn: Turn) -> Iterator[str]:
    who = f"{words.you()} · {words.pinned()}" if turn.pinned else words.you()
    yield f'<section id="turn-{_text(turn.id)}">'
    yield _typed("prompt", who, turn.prompt.text)
    yield f'<article class="reply">\n<h2>{_text(who_replied(turn))}</h2>'
    if thought := reasoning_of(turn).strip():
        yield f"<details>\n<summary>{_text(words.thought_first())}</summary>"
        yield f"{_drawn(thought)}</details>"
    yield _drawn(turn.reply.text)
    if ended := ending_of(turn):
        yield f'<p class="ended">{_text(ended)}</p>'
    yield "</article>\n</section>"


def _typed(kind: str, who: str, text: str) -> str:
    return (
        f'<article class="{kind}">\n<h2>{_text(who)}</h2>\n'
        f'<p class="as-typed">{_text(text.rstrip())}</p>\n</article>'
    )


def _drawn(text: str) -> str:
    # Before, that no line is another; behind, for what Markdown spells as &#x202e;.
    return safe(as_blocks(safe(text)))


def _text(text: str) -> str:
    return escape(safe(text))


@cache
def _style() -> str:
    return files(__package__).joinpath("page.css").read_text("utf-8")
