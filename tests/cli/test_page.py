"""Markdown that streams: each line is final once it is shown, and nothing of the text is lost."""

from __future__ import annotations

import random
import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.cli.page.cell import cells_of
from edge.cli.page.drawn import Drawn
from edge.cli.page.escape import safe
from edge.cli.page.page import Page
from edge.cli.page.theme import Theme, theme
from edge.cli.page.wrap import hung

COLOURED, PLAIN = theme(), theme(colours=False)
_STYLE = re.compile(r"\x1b\[[0-9;]*m")

# What models write, what they write wrongly, and what nobody should be able to write.
PIECES = (
    *("# ", "## x", "- ", "* ", "  - ", "1. ", "12) ", "> ", ">", "---\n", "***", "    ", "\t"),
    *(
        "**",
        "*",
        "_",
        "__",
        "~~",
        "`",
        "``",
        "```",
        "```python\n",
        "~~~\n",
        "\\",
        "\\*",
        "\\(",
        "\\]",
    ),
    *("$", "$$", "[", "](", ")", "![", "|", "|---|:-:|\n", "| a | b |\n", "\n", "\n\n", " ", "  "),
    *(
        "def f(x):",
        '"""',
        "/*",
        "word",
        "wördér",
        "12",
        "a_b",
        "中文，",
        "（注意）",
        "日本",
        "한국어",
    ),
    *(
        "👩‍👩‍👧",
        "❤️",
        "e\u0301",
        "\u200d",
        "می‌خواهم",
        "\x1b[31m",
        "\x9b2J",
        "\x07",
        "\r",
        "\r\n",
        "\u202e",
        "\u200b",
    ),
    *("\ufeff", "\udc80", "\U000e0041", "\x00", "x" * 45, "这" * 25, "json\n{", "}", "-", "=", "+"),
)
TEXTS = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=4)), max_size=40).map("".join)


def drawn(
    text: str, width: int = 40, look: Theme = COLOURED, cuts: Sequence[int] = ()
) -> list[str]:
    """The finished lines of a text that came in pieces."""
    page, lines = Page(width, look), list[str]()
    ends = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    for begin, end in pairwise(ends):
        lines += page.feed(text[begin:end]).lines
    return [*lines, *page.close().lines]


def bare(lines: Sequence[str]) -> list[str]:
    """Without styles."""
    return [_STYLE.sub("", line) for line in lines]


def shown(text: str, width: int = 40) -> str:
    """What a reader sees, styles aside."""
    return "\n".join(bare(drawn(text, width)))


def check(text: str, width: int, cuts: Sequence[int]) -> None:
    """Everything a text must keep to on its way to the screen."""
    lines = drawn(text, width)
    assert lines == drawn(text, width, cuts=cuts)
    assert lines == drawn(text, width, cuts=range(len(text)))
    for look in (COLOURED, PLAIN):
        plain = bare(drawn(text, width, look))
        _check_fits(text, [line for line in plain if _columns(line) > max(width, 4)])
        _check_safe("".join(plain))
        _check_complete(text, "".join(plain))


def _check_fits(text: str, too_long: Sequence[str]) -> None:
    """Only lines of code are longer than the screen, and they are as they were written."""
    assert not too_long or "```" in text or "~~~" in text
    source = "".join(safe(text).split())
    for line in too_long:
        assert "".join(line.lstrip("│ ").split()) in source


def _columns(line: str) -> int:
    """What a line takes where emoji that are joined are one."""
    return sum(min(cell.width, 2) for cell in cells_of(line))


def _check_safe(said: str) -> None:
    said.encode()
    hidden = [c for c in said if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp")]
    assert set(hidden) <= {"\u200c", "\u200d"}


def _check_complete(text: str, said: str) -> None:
    """Letters and figures, whose order only a table changes; it repeats its head where it must."""
    wanted = [c for c in safe(text) if c.isalnum()]
    came = [c for c in said if c.isalnum()]
    if "|" in text:
        assert not Counter(wanted) - Counter(came)
    else:
        assert came == wanted


# Anything at all.


@settings(max_examples=150, deadline=None)
@given(TEXTS, st.integers(1, 90), st.lists(st.integers(0, 300), max_size=8))
def test_any_text_is_safe_and_whole_and_fits_however_it_was_cut(text, width, cuts):
    check(text, width, cuts)


@pytest.mark.campaign
@pytest.mark.timeout(3600)
def test_ten_thousand_texts_are_safe_and_whole_and_fit_however_they_were_cut():
    for seed in range(10_000):
        dice = random.Random(seed)
        text = "".join(dice.choices(PIECES, k=dice.randint(1, 120)))
        cuts = [dice.randint(0, len(text)) for _ in range(dice.randint(0, 30))]
        check(text, dice.choice((1, 4, 7, 20, 40, 79, 200)), cuts)


def test_lines_that_end_with_a_carriage_return_too_are_the_same_lines():
    said = f"# T\n\n```py\nx\n```\n\n{TABLE}"
    assert drawn(said.replace("\n", "\r\n"), cuts=range(99)) == drawn(said)


# What drawing takes, in lines of the program.


def work(page: Page, piece: str) -> int:
    """How many lines are run to draw one piece more."""
    n_lines, before = 0, sys.gettrace()

    def count(_frame: object, event: str, _of: object) -> Callable[..., object]:
        nonlocal n_lines
        n_lines += event == "line"
        return count

    sys.settrace(count)
    try:
        page.feed(piece)
    finally:
        sys.settrace(before)
    return n_lines


def most_work(before: str, piece: str) -> int:
    """What the dearest of some pieces takes behind a text."""
    page = Page(40, COLOURED)
    page.feed(before)
    return max(work(page, piece) for _ in range(20))


@pytest.mark.parametrize(
    ("begin", "piece"),
    [
        ("| ", "word | "),
        ("| a |\n|", "---|"),
        ("> | ", "word | "),
        ("", "    "),
        ("word", "    "),
        ("```\n", "    "),
        ("```python\n", "f(1); "),
        ("- ", "words "),
        ("", "- "),
        ("", "这一行长，"),
    ],
)
def test_a_piece_costs_what_it_is_long_however_long_its_line_is(begin, piece):
    assert most_work(begin + 2000 * piece, piece) <= 2 * most_work(begin + 200 * piece, piece)


def test_a_word_costs_the_same_however_far_in_its_line_begins():
    assert most_work(" " * 4000, "word ") <= 2 * most_work(" " * 40, "word ")


def test_code_beyond_the_screen_is_not_coloured_again_for_each_word():
    line = "x = f(1); " * 9
    assert most_work(f"```python\n{line}", "y = 2; ") == most_work(f"```\n{line}", "y = 2; ")


# What marks become. Widths are 40 columns where none is given.


@pytest.mark.parametrize(
    ("said", "styled"),
    [
        ("**bold** it", "\x1b[1mbold\x1b[m it"),
        ("*it*, _it_", "\x1b[3mit\x1b[m, \x1b[3mit\x1b[m"),
        ("***both***", "\x1b[1;3mboth\x1b[m"),
        ("**bold *both***", "\x1b[1mbold \x1b[m\x1b[1;3mboth\x1b[m"),
        ("~~gone~~", "\x1b[9mgone\x1b[m"),
        ("`a*b*`, ``a`b``", "\x1b[36ma*b*\x1b[m, \x1b[36ma`b\x1b[m"),
        ("**注意：**请看", "\x1b[1m注意：\x1b[m请看"),
        ("[text](a_b_c)!", "\x1b[4mtext\x1b[m \x1b[2m(a_b_c)\x1b[m!"),
        ("# Title", "\x1b[1;4mTitle\x1b[m"),
        ("### **T**", "\x1b[1;3mT\x1b[m"),
    ],
)
def test_marks_within_a_line_become_styles(said, styled):
    assert drawn(said) == [styled]


@pytest.mark.parametrize(
    "said",
    [
        *("2 * 3 * 4", "2*3*4", "snake_case_name", "**unclosed", "a ` b", "~~a", "[a](b", "[1]"),
        *("*args and *", "a ****", "x~y~z", "-1 is less", "#hashtag", "3.14 is", "a | b", "--help"),
        *("$5 and $10", "$x_1 * y_2 * z$", r"\(a_{1} *b* \)", r"\frac{a}{b} \\", "<br>", "1、甲"),
    ],
)
def test_signs_that_mark_nothing_stay_as_they_are(said):
    assert drawn(said) == [said]


def test_a_formula_over_lines_is_left_as_it_is():
    formula = "\\[\nx_{1} *y*\n- 2\n\\]"
    assert drawn(f"{formula}\n- **b**") == [*formula.split("\n"), "• \x1b[1mb\x1b[m"]


@pytest.mark.parametrize("formula", ["$$\na*b*\n$$", "$$a$$", "\\[a\\]", "$$\na\n\n"])
def test_marks_count_again_behind_a_formula(formula):
    assert drawn(f"{formula}\n*b*")[-1] == "\x1b[3mb\x1b[m"


def test_a_mark_that_turns_out_to_be_none_is_shown_though_its_line_is_finished():
    assert bare(drawn("**aaa bbb ccc", 8)) == ["aaa bbb", "ccc**"]


def test_a_bold_passage_over_two_lines_is_bold_on_both():
    assert drawn("a **bb cc** d", 6) == ["a \x1b[1mbb\x1b[m", "\x1b[1mcc\x1b[m d"]


@pytest.mark.parametrize(
    ("said", "lines"),
    [
        ("aaa bbb ccc", ["aaa bbb", "ccc"]),
        ("aaaaaaaaaaa b", ["aaaaaaaa", "aaa b"]),
        ("这一行长，应该换行", ["这一行", "长，应该", "换行"]),
        ("- aaa bbb\n  - ccc ddd", ["• aaa", "  bbb", "  • ccc", "    ddd"]),
        ("12. aa bb\n    c", ["12. aa", "    bb", "    c"]),
        ("> a b c d e\n> > f", ["│ a b c", "│ d e", "│ │ f"]),
        ("a\n\n\n\nb\n\n", ["a", "", "b"]),
        (" a\n  b\n     *c*", ["a", "  b", "    *c*"]),
        ("---", ["────────"]),
        ("* * *", ["────────"]),
        ("_ _  _ ", ["────────"]),
        ("- -", ["• -"]),
        ("* *a* b", ["• a b"]),
    ],
)
def test_lines_end_at_words_within_their_list_or_quote(said, lines):
    assert bare(drawn(said, 8)) == lines


def test_code_is_coloured_also_where_a_string_goes_over_lines_and_no_line_of_it_is_broken():
    code = '```python\nx = """a\ndef b"""\ndef f(): return 1\n```'
    assert drawn(code, 12) == [
        "\x1b[2m── python\x1b[m",
        'x = \x1b[32m"""a\x1b[m',
        '\x1b[32mdef b"""\x1b[m',
        "\x1b[35mdef\x1b[m \x1b[1mf\x1b[m(): \x1b[35mreturn\x1b[m \x1b[36m1\x1b[m",
        "\x1b[2m──\x1b[m",
    ]


@pytest.mark.parametrize("language", ["yaml", "json", "c", "php", "html", "bash", "diff", "lua"])
def test_code_of_any_language_arrives_whole(language):
    lines = [
        "a: [1, 'x']",
        "<?php if (x) { /* y */ }",
        '<b c="d">"',
        "+ $(e) << EOF",
        "",
        "  --[[ f",
    ]
    code = "\n".join(lines)
    assert bare(drawn(f"```{language}\n{code}\n```", 80))[1:-1] == lines


def test_code_in_a_list_stands_below_its_item_and_a_quote_that_ends_ends_its_code():
    assert bare(drawn("1. a\n   ```\n   x\n     y\n   ```\n2. b")) == [
        *("1. a", "   ──", "   x", "     y", "   ──", "2. b")
    ]
    assert bare(drawn("> ```\n> x\nno *code*")) == ["│ ──", "│ x", "no code"]


def test_a_fence_that_is_never_closed_is_code_to_the_end():
    assert bare(drawn("```\na *b*\n\n# c")) == ["──", "a *b*", "", "# c"]


TABLE = "| A | 价格 |\n|---|--:|\n| `x` | 5 |\n| 中文 | **10** |\n"


def test_a_table_has_columns_as_wide_as_its_characters():
    assert bare(drawn(TABLE)) == ["A    │ 价格", "─────┼─────", "x    │    5", "中文 │   10"]


def test_a_bar_that_is_escaped_is_one_in_a_field_also_in_code():
    assert bare(drawn("| A |\n|---|\n| `ls \\| wc` \\| |\n"))[2:] == ["ls | wc |"]


def test_a_table_waits_until_it_is_whole():
    page = Page(40, COLOURED)
    assert page.feed(TABLE).lines == ()
    assert len(page.feed("\nb").lines) == 5


def test_a_table_that_is_too_wide_wraps_its_fields_or_stands_one_row_below_another():
    said = "| name | what it is |\n|---|---|\n| a | words that are long |\n| b | c |"
    assert bare(drawn(said, 16)) == [
        *("name │ what it", "     │ is", "─────┼──────────", "a    │ words"),
        *("     │ that are", "     │ long", "b    │ c"),
    ]
    assert bare(drawn(said, 9)) == [
        *(
            "name: a",
            "what it",
            "is: words",
            "that are",
            "long",
            "───",
            "name: b",
            "what it",
            "is: c",
        )
    ]


def test_lines_that_only_look_like_a_table_are_text():
    assert bare(drawn("|x| is *big*\n| y")) == ["|x| is big", "| y"]


def test_without_colours_marks_stay_and_without_unicode_signs_are_ascii():
    said = "# T\n- **b** `c`\n\n```\nx\n```"
    assert drawn(said, look=PLAIN) == ["# T", "• **b** `c`", "", "```", "x", "```"]
    assert drawn(said, look=theme(colours=False, unicode=False))[1] == "* **b** `c`"


def test_what_was_narrowed_in_the_middle_of_a_line_stays_as_it_was_shown():
    page = Page(20, COLOURED)
    assert page.feed("aaaa bbbb cccc").live == "aaaa bbbb cccc"
    page.width = 8
    assert page.feed("") == Drawn(("aaaa bbbb cccc",), "")
    assert page.feed(" dddd eeee").lines == ("dddd",)


def test_code_that_was_narrowed_in_the_middle_of_a_line_goes_on_below_what_was_shown():
    page = Page(20, COLOURED)
    assert page.feed("```\naaaaaaaaaaaa").live == "\x1b[36maaaaaaaaaaaa\x1b[m"
    page.width = 8
    now = page.feed("bbbbbbbbbb")
    assert bare([*now.lines, now.live]) == ["aaaaaaaaaaaa", "bbbbbbbb"]
    assert bare(page.close().lines) == ["bbbbbbbbbb"]


def test_code_beyond_the_screen_is_shown_to_its_edge_until_its_line_is_over():
    page = Page(8, COLOURED)
    assert bare([page.feed("```\nabcdefghij").live]) == ["abcdefgh"]
    assert bare([page.feed("kl中文").live]) == ["abcdefgh"]
    assert bare(page.feed("\nm").lines) == ["abcdefghijkl中文"]


def test_what_a_note_interrupts_in_long_code_stays_as_it_was_shown_and_the_rest_follows():
    page = Page(8, COLOURED)
    page.feed("```\nabcdefghij")
    assert bare(page.part().lines) == ["abcdefgh"]
    assert bare(page.feed("kl\n").lines) == ["ijkl"]


@pytest.mark.parametrize(
    ("note", "lines"),
    [
        ("aaa bbb ccc", ["aaa bbb", "  ccc"]),
        ("  aaa bb ccc", ["  aaa bb", "    ccc"]),
        ("a  b", ["a  b"]),
        ("", [""]),
        ("in /a/long/path it is", ["in", "  /a/long/path", "  it is"]),
        ("/a/long/path", ["/a/long/path"]),
        ("这一行长，应该换行", ["这一行", "  长，应", "  该换行"]),
    ],
)
def test_a_note_ends_its_lines_at_words_sets_in_the_others_and_breaks_no_long_word(note, lines):
    assert ["".join(cell.text for cell in line) for line in hung(cells_of(note), 8)] == lines
