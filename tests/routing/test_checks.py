"""What is seen to be wrong with an answer, and what is left in peace."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.core.decision import Capability
from edge.core.event import StopReason
from edge.routing.checks import CHECKS, checks


def seen(answer, stop=StopReason.END, capability=Capability.TEXT):
    return checks(answer, stop, capability)


# Empty.


@pytest.mark.parametrize("answer", ["", " ", "\n\n", "\u3000", "\u200b\ufeff"])
def test_nothing_is_empty_and_nothing_else(answer):
    assert checks(answer, StopReason.MAX_TOKENS, Capability.JSON) == ("empty",)


@pytest.mark.parametrize("answer", ["4", "👍", "是", "→"])
def test_one_character_is_an_answer(answer):
    assert seen(answer) == ()


# Unfinished.


@pytest.mark.parametrize(
    "answer",
    [
        "Here is the code:",
        "Here it is:\n```python\nprint(1)\n",
        "~~~\na fence of tildes\n```\n",
        "First, you open the door and",
        "The result depends on three things, namely the",
        "It has several parts (the engine, the wheels",
        "a) yes, but only (perhaps",
        "步骤如下：",
        "我们需要考虑很多方面，例如",
        "他说：“我们明天再",
        "这本书（也就是《红楼梦",
    ],
)
def test_an_answer_that_stops_in_the_middle_is_unfinished(answer):
    assert seen(answer) == ("unfinished",)


@pytest.mark.parametrize(
    "answer",
    [
        "Paris",
        "42",
        "and",
        "- apples\n- pears\n- plums",
        "https://example.org/a_(b)",
        "See you :(",
        "The interval [0, 1) holds 0 and (0, 1] does not.",
        "a) yes\nb) no",
        "It began (a slip that nobody closed.\n\nBut here is a whole paragraph.",
        "```python\nif x:\n    print('(')\n```",
        "````\n```\ninner\n````\nDone.",
        "| a | b |\n|---|---|\n| 1 | 2 |",
        "这是对的",
        "答案是：四",
        "《红楼梦》（清代）",
        "Use `and` or `or`",
    ],
)
def test_an_answer_the_model_ended_is_finished(answer):
    assert seen(answer) == ()


@pytest.mark.parametrize("stop", [StopReason.MAX_TOKENS, StopReason.CONTEXT_FULL])
def test_a_cut_is_seen_where_no_sentence_ends(stop):
    assert checks("It was a dark and stormy", stop, Capability.TEXT) == ("unfinished",)
    assert checks("那是一个风雨", stop, Capability.TEXT) == ("unfinished",)
    assert checks("It was dark. It rained.", stop, Capability.TEXT) == ()
    assert checks("天黑了。", stop, Capability.TEXT) == ()


# Repeating.

PROSE = (
    "The engine reads the prompt once and keeps what it read. When the next prompt comes, "
    "only the new words are read, so that a long talk stays as fast as a short one. "
)
PROSE_ZH = (
    "引擎只读一次提示，并且记住读过的内容。下一次提问到来时，"
    "只需要读新的词语，所以长谈和短谈一样快。"
)


@pytest.mark.parametrize(
    "answer",
    [
        PROSE + "I am sure of it. " * 12,
        PROSE * 3,
        PROSE_ZH + "我很高兴。" * 20,
        PROSE_ZH * 3,
        "哈" * 100,
        "ha " * 60,
        # A piece that says part of itself twice.
        "The answer is yes. The answer is no. " * 6,
        "\n".join(f"{n}. Drink enough water every day." for n in range(1, 8)),
        "\n".join(f"{n}、每天都要多喝水。" for n in range(1, 8)),
        "```\n" + "    self.value = value\n" * 9 + "```",
    ],
)
def test_a_loop_is_seen(answer):
    assert "repeating" in seen(answer)


@pytest.mark.parametrize(
    "answer",
    [
        PROSE,
        PROSE + PROSE,
        PROSE_ZH,
        "ha ha ha ha!",
        "哈哈哈哈哈哈！",
        "Row, row, row your boat. " * 3,
        "-" * 300 + "\n" + "=" * 300,
        "10" + "0" * 300,
        "| " + "--- | " * 60,
        "0 0 0 0 0\n" * 20,
        "\n".join(f"{n} is followed by {n + 1}." for n in range(40)),
        "\n".join(f"| {n} | {n * n} | {n**3} |" for n in range(60)),
        "```html\n" + "<td></td>\n" * 8 + "```",
        "}\n" * 30,
    ],
)
def test_prose_tables_and_laughter_are_no_loops(answer):
    assert "repeating" not in seen(answer)


# JSON.


@pytest.mark.parametrize(
    "answer",
    ['{"a": 1}', " [1, 2]\n", "null", '```json\n{"a": "北京"}\n```', "```\n[]\n```", '"```"'],
)
def test_json_with_or_without_a_fence_passes(answer):
    assert seen(answer, capability=Capability.JSON) == ()


@pytest.mark.parametrize(
    "answer",
    [
        '{"a": 1',
        "{'a': 1}",
        '{"a": NaN}',
        "Sure!\n```json\n{}\n```\nThat is it.",
        '{"a": 1,}',
        "[" * 50_000,
        '{"a": 1} {"b": 2}',
    ],
)
def test_what_is_no_json_is_seen_where_json_was_wanted(answer):
    assert "bad_json" in seen(answer, capability=Capability.JSON)
    assert "bad_json" not in seen(answer)


# Arithmetic.


@pytest.mark.parametrize(
    "answer",
    [
        "12 + 30 = 43",
        "So he pays 3 x $4 = $13 for all.",
        "12 * (3 + 4) = 83.",
        "(12 + 3) / 5 = 4",
        "48/2 = <<48/2=25>>25",
        "1,250 + 2,750 = 4,100 dollars",
        "10-3=6",
        "20% * 50 = 11",
        "1/4 = 30%",
        "20% + 30% = 60%",
        "10 / 3 = 3.34",
        "2 + 3 = 5, 5 + 4 = 10, and that is all.",
        "- 5 + 3 = 9",
        "3 + 4 = (2 + 4) * 2",
        "1. 5 + 3 = 9",
        r"\[ 12 \times 3 = 37 \]",
        "12 × 3 = **37**",
        "共３＋４＝８个苹果",
        "每天15元，所以 15×7=115（元）",
        "48 ÷ 6 = 7。",
        "5 - 8 = -4",
        "1.05 * 200 = 220",
        "0.5 + 0.25 = 0.85",
    ],
)
def test_a_sum_that_does_not_come_out_is_seen(answer):
    assert seen(answer) == ("wrong_arithmetic",)


@pytest.mark.parametrize(
    "answer",
    [
        "12 + 30 = 42",
        "(12 + 3) / 5 = 3",
        "1,250 + 2,750 = 4,000",
        "10 / 3 = 3.33, 2 / 3 = 0.67, and 2 / 3 = 0.66 when cut.",
        "7 / 2 = 3.5 = 3 1/2",
        "17 ÷ 5 = 3……2，17 / 5 = 3 remainder 2",
        "0.1 + 0.2 = 0.30000000000000004",
        "1/4 = 25%; 1/4 * 100 = 25%; 20% + 30% = 50%; 100 - 20% = 80",
        "3 + 4 = 7 + 5 = 12",
        "1/2 + 1/3 = 5/6",
        "5 - 8 = -3; it rose: -48 + 21 - 3 = -30",
        "２＋３＝５",
        # Neither dates, times, ranges, versions nor labels are sums.
        "2024-03-15 = Friday, 2024-3-15 = 5",
        "3/15/2024 = 1",
        "10:30 + 2 = 12:30",
        "Pages 1-3 = 50 minutes, 4 - 9 = 20 minutes",
        "1.2.3 - 1 = 2",
        "Step 1 = 5 + 3",
        # Nor are the sums of algebra, powers, other systems and magnitudes plain ones.
        "x + 3 = 5, 2x + 3 = 7, y = 3x - 2 = 4",
        "y -5 + 13 = 9, 2x - 3 = -5",
        "2 + 3 = 6x, 2 + 3 = 4(y + 1)",
        "2^3 + 1 = 9, 2**3 + 1 = 9, 2 + 1 = 3^1",
        "f(2) + 3 = 9, √4 + 5 = 7",
        "2 times 3 + 4 = 10, 3 乘以 4 + 2 = 14",
        "9 + 5 = 2 (mod 12), 7 % 4 = 3",
        "1010 + 11 = 1101",
        "007 + 1 = 9",
        "5 × 300 = 1.5k, 3 * 500000 = 1.5 million, 5000 × 4 = 2万",
        "2 + 4 = 3!",
        "5 × 200 = 1 000",
        "(3, 4) + (1, 2) = (4, 6)",
        "a = 5, b = 3; a == 2 + 2; 2 + 2 == 5; 2 + 2 <= 5; 2 + 2 => 5",
        "10 - 20 = -10 + 5 = -5",
        "```python\nx = 2 + 2 = 5\n```",
        "?a=1-2&b=3",
        "Some say 2 + 2 = 5, which is wrong.",
        "7 × 33 = 230（约）",
        "1 / 0 = 5",
        "9" * 5000 + " * 9 = 1",
        "1" + " + 1" * 40 + "  = 41",  # too long to be looked at from its beginning
        "1" + "0" * 60 + " + " + "0" * 15 + "1 + 2 = 1" + "0" * 59 + "3",
    ],
)
def test_what_comes_out_or_is_no_plain_sum_is_left_in_peace(answer):
    assert "wrong_arithmetic" not in seen(answer)


@given(
    a=st.integers(0, 10**6),
    b=st.integers(0, 10**6),
    off=st.integers(-50, 50),
    sign=st.sampled_from("+-*×"),
)
def test_whole_numbers_must_come_out_exactly(a, b, off, sign):
    value = {"+": a + b, "-": a - b}.get(sign, a * b)
    digits = f"{a}{b}{value + off}"
    is_binary = len(digits) > 3 and set(digits) <= {"0", "1"}
    is_range = sign == "-" and value < 0 < value + off
    expected = off != 0 and not is_binary and not is_range
    assert (
        "wrong_arithmetic" in seen(f"That makes {a:,} {sign} {b:,} = {value + off:,}.")
    ) is expected


# Refused.


@pytest.mark.parametrize(
    "answer",
    [
        "I'm sorry, but I can't assist with that.",
        "I’m sorry, but I cannot provide that information.",
        "Sorry, I can't help with this request.",
        "As an AI language model, I cannot browse the internet.",
        "As an AI, I am not able to access real-time data.",
        "I cannot fulfill this request.",
        "I'm unable to answer that question.",
        "Unfortunately, I can't do that.",
        "I am sorry, but as an AI I can't write this.",
        "抱歉，我无法回答这个问题。",
        "非常抱歉，我不能提供相关信息。",
        "对不起，我没办法帮助您完成这个请求。",
        "作为一个人工智能语言模型，我无法访问互联网。",
        "作为AI助手，我不能生成此类内容。",
        "我无法提供实时的天气信息。",
        "很抱歉，但是我目前还不能查看图片。",
    ],
)
def test_a_refusal_is_seen(answer):
    assert seen(answer) == ("refused",)


@pytest.mark.parametrize(
    "answer",
    [
        "I'm sorry to hear that. You could call a friend.",
        "I'm sorry for the confusion. The answer is 4.",
        "I can't wait to help!",
        "I cannot believe how well this went.",
        "As an AI, I can help you with that.",
        "Sorry for the delay; here is the list.",
        "He said: I'm sorry, but I can't help you.",
        '"I cannot answer," she said.',
        "Unfortunately, the museum is closed on Mondays.",
        "I can't see why not: it works. " + PROSE * 5,
        "抱歉，我刚才的回答有误，正确答案是四。",
        "作为一个人工智能，我可以帮助您写邮件。",
        "对不起，您不能进入这里。",
        "“抱歉，我无法回答。”他说。",
        "抱歉，我想您不能打开这个文件，请先解锁。",
        "我不能同意更多。",
        "很遗憾，博物馆星期一不开门。",
    ],
)
def test_being_sorry_is_no_refusal(answer):
    assert "refused" not in seen(answer)


# Any text.


def test_checks_come_in_their_order():
    answer = "I'm sorry, but I can't help. 2 + 2 = 5 " + "and so on " * 30 + "of the"
    found = checks(answer, StopReason.END, Capability.JSON)
    assert found == ("unfinished", "repeating", "bad_json", "wrong_arithmetic", "refused")
    assert [name for name in CHECKS if name in found] == list(found)


@settings(max_examples=300)
@given(
    answer=st.text() | st.text(alphabet="0123456789+-*/x=().,% $＝１`~#\n\\万a"),
    stop=st.sampled_from(StopReason),
    capability=st.sampled_from(Capability),
)
def test_no_text_is_too_odd_to_be_checked(answer, stop, capability):
    assert set(checks(answer, stop, capability)) <= set(CHECKS)


@pytest.mark.parametrize(
    "piece",
    [
        *"a \n\t([=`~-*1x%我\u200b",
        *("```\n", "1,", "1+1=", "1 + 1 = 2 ", "9*", "1. ", "\\times", '{"a":', "-" * 599 + "="),
        *("I'm sorry ", "抱歉", "作为"),
    ],
)
def test_time_grows_with_the_length_and_no_faster(piece):
    # Work that grew with the square would take minutes here, and the run's timeout ends it.
    answer = (piece * (100_000 // len(piece) + 1))[:100_000] + "!"
    for capability in Capability:
        checks(answer, StopReason.MAX_TOKENS, capability)
        checks("?" + answer, StopReason.END, capability)
