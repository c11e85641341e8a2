"""A conversation as a file: everything said is in it, and nothing said there does anything."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

import edge.cli.export
from edge.cli.export.blocks import closed
from edge.cli.export.formats import Format, exported
from edge.cli.export.record import SCHEMA_VERSION
from edge.cli.page.escape import safe
from edge.core.conversation import Conversation, Outcome, Summary, Turn
from edge.core.event import ContextUse
from edge.core.message import Label
from edge.store.codec import decode
from talks import BEGUN, attempt, by_cloud, talk, turn

NASTY = "\x1b]0;owned\x07 a\u202eb <script>alert(1)</script> <img src=x onerror=y> & \x9b31m"
REPLY = """Look:

| a | b |
|---|---|
| 1 | 甲 |

```html
<b>bold & brave</b>
```
and ![a picture](https://tracker.example/p.png), [a trap](javascript:alert(2)),
[a page](https://example.org/x), \\[ a_1 \\]"""
ALLOWED_TAGS = {
    "html", "head", "meta", "title", "style", "body", "header", "main", "section", "article",
    "h1", "h2", "h3", "p", "pre", "code", "table", "thead", "tbody", "tr", "th", "td", "a", "ul",
    "li", "em", "strong", "details", "summary", "blockquote", "ol", "hr", "br", "s", "h4", "h5",
    "h6",
}  # fmt: skip
ALLOWED_ATTRIBUTES = {
    "charset", "name", "content", "http-equiv", "class", "id", "href", "start", "style", "title",
}  # fmt: skip


class Page(HTMLParser):
    """What a browser would make of a page: its elements, and the text it shows."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in ("meta", "hr", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data


def drawn_headings(markdown: str) -> list[str]:
    """The headings of a Markdown text, as the library that GitHub's rules came from reads them."""
    tokens = MarkdownIt("commonmark").parse(markdown)
    return [after.content for token, after in pairwise(tokens) if token.type == "heading_open"]


@pytest.fixture
def full() -> Conversation:
    """A talk with all a talk can have."""
    first = turn("什么是\n递归？", attempt(REPLY, reasoning="hm\n\n```\nso"), id="aaaa0000")
    second = turn(
        NASTY,
        attempt("half ", n=0),
        by_cloud(attempt(f"whole {NASTY}", model="qwen-plus", n=1)),
        replace(attempt("never read", model="unseen", n=2), shown=False),
        id="bbbb0000",
        parent_id="aaaa0000",
        outcome=Outcome.STOPPED,
        pinned=True,
    )
    summary = Summary("aaaa0000", "they spoke of recursion", 120, Label.PUBLIC)
    return talk(first, second, title="On *recursion*", system="be terse", summary=summary)


def test_markdown_tells_who_said_what_in_order(full):
    text = exported(full, Format.MD)
    assert text.startswith(
        "# On \\*recursion\\*\n\nk3v90000 · toy · 2026-01-31 14:02 UTC · 2 turns"
    )
    assert drawn_headings(text) == [
        "On \\*recursion\\*", "System prompt", "You", "toy", "You · pinned",
        "toy, then qwen-plus in the cloud",
    ]  # fmt: skip
    assert "什么是\n递归？" in text
    assert REPLY in text
    assert "> *Thought first*\n>\n> hm\n>\n> ```\n> so\n> ```" in text
    assert text.endswith(f"half whole {safe(NASTY)}\n\n*(stopped; the reply is not whole)*\n")


@pytest.mark.parametrize(
    "text",
    [
        "```py\nx = 1",
        "~~~~\nx",
        "<!-- never ended",
        "<script>\nalert(1)",
        "<pre>\n`````",
        "- a\n  ```",
    ],
)
def test_what_a_reply_leaves_open_swallows_nothing_behind_it(text):
    headings = drawn_headings(exported(talk(turn("one", text), turn("two", "2")), Format.MD))
    assert headings[1:] == ["You", "toy", "You", "toy"]


@given(st.text(st.sampled_from("`~ \n<!->ab\t*_#"), max_size=60))
def test_no_text_swallows_what_follows_it(text):
    assert drawn_headings(f"{closed(text)}\n\n# behind")[-1:] == ["behind"]


NAMING = (
    "[a]: ",
    "[B]:\n",
    "/x",
    "</y>",
    "\n",
    "\n\n",
    "> ",
    "- ",
    "    ",
    '"t"',
    "```",
    "\\[",
    "[",
)


@given(st.lists(st.sampled_from(NAMING), max_size=12).map("".join))
def test_no_text_gives_an_address_to_a_name_in_another(text):
    told: dict[str, Any] = {}
    MarkdownIt("commonmark").parse(closed(text), told)
    assert told.get("references", {}) == {}


def test_an_address_for_a_name_is_text_in_markdown():
    talk_ = talk(turn("see [1]", "fine\n\n> [1]: https://evil.example\n\n```\n[2]: /x\n```"))
    assert "\n> \\[1]: https://evil.example\n\n```\n[2]: /x\n```" in exported(talk_, Format.MD)


@pytest.mark.parametrize("form", [Format.MD, Format.HTML])
def test_a_line_that_ends_with_a_carriage_return_too_ends_once(form):
    talks = (talk(turn(f"a{end}b", f"c{end}d{end}")) for end in ("\n", "\r\n"))
    first, second = (exported(each, form) for each in talks)
    assert first == second


def test_a_page_holds_nothing_hidden_that_a_reply_spells_as_an_entity():
    reply = 'a &#x202e;b [c](http://e "&#x200b;")\n\n```&#x2066;py\nx\n```'
    page = exported(talk(turn("q", reply)), Format.HTML)
    assert safe(page) == page
    assert r"a \u202eb" in page


def test_a_page_holds_every_word_and_no_tag_of_the_talk(full):
    page = Page(exported(full, Format.HTML))
    assert page.open == []
    assert {tag for tag, _ in page.elements} <= ALLOWED_TAGS
    assert {name for _, attributes in page.elements for name in attributes} <= ALLOWED_ATTRIBUTES
    said_there = (
        "什么是\n递归？", "<script>alert(1)</script>", "<b>bold & brave</b>", "hm", "甲",
        f"half whole {safe(NASTY)}", "be terse", "toy, then qwen-plus in the cloud", "\\[ a_1 \\]",
    )  # fmt: skip
    for said in said_there:
        assert said in page.text
    assert "unseen" not in page.text


def test_a_page_asks_nothing_of_the_network_and_links_to_pages_alone(full):
    html = exported(full, Format.HTML)
    page = Page(html)
    links = [attributes["href"] for tag, attributes in page.elements if tag == "a"]
    assert links == ["https://tracker.example/p.png", "https://example.org/x"]
    assert "[a trap](javascript:alert(2))" in page.text
    assert '<meta http-equiv="Content-Security-Policy" content="default-src \'none\';' in html
    assert re.findall(r"url\(|@import|src=", html.partition("</head>")[0]) == []


def test_a_page_is_light_or_dark_as_its_reader_wants_it(full):
    html = exported(full, Format.HTML)
    assert "color-scheme: light dark" in html
    assert "@media (prefers-color-scheme: dark)" in html


@pytest.mark.parametrize("form", list(Format))
def test_no_export_holds_what_a_terminal_obeys_or_nobody_sees(full, form):
    text = exported(full, form)
    assert "\x1b" not in text
    assert safe(text) == text


def test_json_holds_all_that_is_known_of_a_talk(full):
    told = json.loads(exported(full, Format.JSON))
    assert told["schema_version"] == SCHEMA_VERSION
    assert told["branch"] == ["aaaa0000", "bbbb0000"]
    assert [each["prompt"]["text"] for each in told["turns"]] == ["什么是\n递归？", NASTY]
    assert [each["reply"] for each in told["turns"]] == [REPLY, f"half whole {NASTY}"]
    rest = {name: told[name] for name in ("id", "title", "model", "system", "started_at_utc")}
    assert rest == {
        "id": "k3v90000", "title": "On *recursion*", "model": "toy", "system": "be terse",
        "started_at_utc": BEGUN,
    }  # fmt: skip
    assert told["summary"] == {
        "turn_id": "aaaa0000", "text": "they spoke of recursion", "stands_for_tokens": 120,
        "label": "public",
    }  # fmt: skip


def labels_by_number(value: Any) -> Any:
    """JSON names the labels; the codec of the store wants what they stand for."""
    if isinstance(value, list):
        return [labels_by_number(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        key: Label[each.upper()] if key.endswith("label") else labels_by_number(each)
        for key, each in value.items()
    }


def test_turns_read_back_from_json_are_the_turns_that_were_exported(full):
    counted = replace(attempt("x"), context=ContextUse(4096, 100, 2, 30))
    whole = talk(*full.turns, turn("y", counted))
    told = json.loads(exported(whole, Format.JSON))
    back = [decode(Turn, json.dumps(labels_by_number(each))) for each in told["turns"]]
    assert tuple(back) == whole.turns


def test_json_tells_all_branches_where_they_are_given():
    left, right = turn("left", "l", id="aaaa0000"), turn("right", "r", id="bbbb0000")
    told = json.loads(exported(talk(right), Format.JSON, (left, right)))
    assert [each["id"] for each in told["turns"]] == ["aaaa0000", "bbbb0000"]
    assert told["branch"] == ["bbbb0000"]


@pytest.mark.parametrize("form", list(Format))
def test_a_talk_without_words_can_be_exported(form):
    assert "k3v90000" in exported(talk(), form)
    assert "k3v90000" in exported(talk(turn("q", outcome=Outcome.FAILED)), form)


def test_a_private_talk_says_so_in_its_export():
    assert "· private" in exported(talk(label=Label.PRIVATE), Format.MD)
    assert "· private" not in exported(talk(), Format.MD)


def test_the_looks_of_a_page_travel_with_the_package():
    assert Path(edge.cli.export.__path__[0], "page.css").is_file()
