"""Markdown that models and people wrote, read by markdown-it: closed, or drawn as HTML (pure)."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from markdown_it import MarkdownIt

_BACKTICKS = re.compile("`{3,}")
_SENTINEL = "\n\nend"


def closed(text: str) -> str:
    """The text, ended so that what is written behind it stands for itself.

    A fence that was never closed is; whatever else would swallow more, as a
    comment of HTML, is shown as the characters it is made of. An address for a
    name holds in a whole file, so it is shown in place of being one.

    >>> closed("```py\\nx = 1")
    '```py\\nx = 1\\n```'
    >>> print(closed("[1]: https://example.org"))
    \\[1]: https://example.org
    """
    text = _without_definitions(text)
    last = _reader(html=True).parse(text + _SENTINEL)[-1]
    if last.type == "paragraph_close":
        return text
    if last.type == "fence" and last.level == 0:
        return f"{text}\n{last.markup}"
    fence = "`" * (1 + max(2, *map(len, _BACKTICKS.findall(text)), 0))
    return f"{fence}\n{text}\n{fence}"


def _without_definitions(text: str) -> str:
    """The text, each `[name]: address` in it made the characters it is."""
    found: dict[str, Any] = {}
    _Believing("commonmark").parse(text, found)
    defined = [*found.get("references", {}).values(), *found.get("duplicate_refs", ())]
    lines = text.split("\n")
    for begin in {one["map"][0] for one in defined}:
        lines[begin] = lines[begin].replace("[", "\\[", 1)
    return "\n".join(lines)


def as_blocks(text: str) -> str:
    """The text as HTML, without any of its own.

    Tags stand there as text, pictures as links (looking at a page must not fetch
    anything), and a link leads nowhere but to a page or a mailbox.
    """
    drawn: str = _reader(html=False).render(text)
    return drawn


class _Reader(MarkdownIt):
    def validateLink(self, url: str) -> bool:  # noqa: N802 - its name over there
        return url.lower().startswith(("http://", "https://", "mailto:"))


class _Believing(MarkdownIt):
    """Takes any address for one, as who reads a file elsewhere may."""

    def validateLink(self, url: str) -> bool:  # noqa: N802
        return True


@cache
def _reader(*, html: bool) -> MarkdownIt:
    # No backslash escapes: in a reply `\[` opens a formula far more often.
    reader = _Reader("commonmark", {"html": html}).enable(["table", "strikethrough"])
    return reader.disable(["image", "escape"])
