"""A prompt kept for later: what its file says, and what is asked once it is filled in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.errors import UsageError
from edge.settings.prompt_text import Rendered, Template, read_text, render, told_by_text

WHOLE = """+++
about = "A reply to a letter"
system = "You are {{tone}}."

[variables]
tone = "polite"
+++

Reply to {{name}} in {{ language }}:

{{text}}
"""


def test_a_file_is_a_head_and_a_prompt():
    found = read_text("reply", WHOLE, "reply.md")
    assert found == Template(
        "reply",
        about="A reply to a letter",
        system="You are {{tone}}.",
        prompt="Reply to {{name}} in {{ language }}:\n\n{{text}}",
        defaults={"tone": "polite"},
    )
    assert found.variables == ("tone", "name", "language")
    assert found.wanted == ("name",)


def test_the_newlines_and_the_mark_of_another_system_make_no_difference():
    other = "\ufeff" + WHOLE.replace("\n", "\r\n")
    assert read_text("reply", other, "f") == read_text("reply", WHOLE, "f")


def test_a_text_without_a_head_is_all_prompt():
    assert read_text("x", "Say it shorter.\n", "f") == Template("x", prompt="Say it shorter.")


def test_variables_are_filled_in_and_what_is_given_comes_before_the_default():
    template = read_text("reply", WHOLE, "f")
    usual = render(template, {"name": "Li Lei"}, "你好，最近怎么样？")
    assert usual == Rendered("You are polite.", "Reply to Li Lei in Chinese:\n\n你好，最近怎么样？")
    other = render(template, {"name": "Li Lei", "tone": "brief", "language": "German"}, "你好")
    assert other == Rendered("You are brief.", "Reply to Li Lei in German:\n\n你好")


def test_a_text_without_a_place_follows_the_prompt():
    template = Template("x", prompt="Say it shorter.")
    assert render(template, {}, "long").prompt == "Say it shorter.\n\nlong"
    assert render(template, {}, "").prompt == "Say it shorter."
    assert render(Template("x", system="Be brief."), {}, "hi") == Rendered("Be brief.", "hi")


def test_a_prompt_without_a_system_prompt_leaves_it_to_the_settings():
    assert render(Template("x", prompt="hi"), {}, "").system is None


@given(st.text(), st.text())
def test_what_a_value_says_is_never_read_as_a_place(text, value):
    template = Template("x", prompt="{{a}}|{{text}}|{{b}}")
    odd = f"{{{{b}}}}{value}{{{{text}}}}"
    found = render(template, {"a": odd, "b": value}, text or "{{a}}").prompt
    assert found == f"{odd}|{text or '{{a}}'}|{value}"


def test_braces_that_hold_no_name_stay():
    template = Template("x", prompt="{{}} {{1}} {x} {{a b}} {{ % }} {{text}}")
    assert render(template, {}, "t").prompt == "{{}} {{1}} {x} {{a b}} {{ % }} t"


def test_every_missing_variable_is_named_with_what_to_type():
    with pytest.raises(UsageError) as caught:
        render(Template("x", prompt="{{a}} {{b}} {{text}}"), {}, "")
    assert caught.value.line() == (
        "the prompt 'x' wants a, b, text; try: edge ask -t x --var a=… --var b=… 'TEXT'"
    )


def test_a_variable_the_prompt_does_not_have_is_refused_with_a_near_one():
    with pytest.raises(UsageError) as caught:
        render(Template("x", prompt="{{tone}}"), {"tome": "a"}, "t")
    assert caught.value.line() == "the prompt 'x' has no variable 'tome'; try: --var tone=…"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("+++\nabout = 'x'\n", "the head of 'f.md' has no end"),
        ("+++\nabout = \n+++\n", "the head of 'f.md' is not valid TOML"),
        ("+++\nabuot = 'x'\n+++\n", "the head of 'f.md' has no place for 'abuot'; try: about"),
        ("+++\nabout = 3\n+++\n", "about is 3 (from f.md) and must be one line of text"),
        ("+++\nsystem = 3\n+++\n", "system is 3 (from f.md) and must be text"),
        ("+++\nvariables = 'x'\n+++\n", "variables is 'x' (from f.md) and must be a table"),
        ("+++\n[variables]\na = 1\n+++\n", "variables.a is 1 (from f.md) and must be text"),
        ("+++\n[variables]\n'a b' = ''\n+++\n", "variables.a b is '' (from f.md) and must be"),
    ],
)
def test_a_head_that_cannot_be_used_is_said_with_its_file(text, said):
    with pytest.raises(UsageError) as caught:
        read_text("f", text, "f.md")
    assert caught.value.line().startswith(said)


@pytest.mark.parametrize(
    ("text", "into"),
    [
        ("今天天气很好", "English"),
        ("请解释 TCP 和 UDP", "English"),
        ("これは日本語です", "English"),
        ("What is the weather like?", "Simplified Chinese"),
        ("What does 你好 mean?", "Simplified Chinese"),
        ("", "Simplified Chinese"),
        ("42", "Simplified Chinese"),
    ],
)
def test_a_translation_goes_the_way_its_text_says(text, into):
    assert told_by_text(text)["into"] == into
