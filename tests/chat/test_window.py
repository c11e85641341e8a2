from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from edge.chat.window import Counted, Talk, Window, fit_window, left_out, most_tokens, slide
from edge.core.errors import ContextFull
from edge.core.event import NoticeCode
from edge.core.message import Label, Message, Role

SYSTEM = Message(Role.SYSTEM, "s" * 10)
LONGEST = 32_768


class Counter:
    """Counts one token a character, and how often it was asked."""

    def __init__(self):
        self.calls = 0

    def __call__(self, messages):
        self.calls += 1
        return sum(len(message.text) for message in messages)


def talk_of(*turn_sizes, newest=10, system=SYSTEM, start_turn=0):
    """A talk whose turns take these many tokens, half of each in the prompt."""
    turns = [
        (Message(Role.USER, "u" * (size // 2)), Message(Role.ASSISTANT, "a" * (size - size // 2)))
        for size in turn_sizes
    ]
    return Talk(system, turns, Message(Role.USER, "n" * newest), LONGEST, start_turn)


def fit(talk, budget_tokens, **more):
    return fit_window(talk, count=Counter(), budget_tokens=budget_tokens, **more)


def test_a_talk_that_fits_is_kept_whole_and_counted_once():
    talk, count = talk_of(20, 20), Counter()
    window = fit_window(talk, count=count, budget_tokens=60)
    (prompt1, reply1), (prompt2, reply2) = talk.turns
    assert window == Window((SYSTEM, prompt1, reply1, prompt2, reply2, talk.newest), 0)
    assert count.calls == 1


def test_whole_oldest_turns_go_until_the_headroom_is_free():
    # 10 + 5 * 20 + 10 = 120 > 100; at most 75 leaves a quarter free: two turns stay (60).
    talk = talk_of(20, 20, 20, 20, 20)
    window = fit(talk, 100)
    assert window.left_out_turns == 3
    assert window.messages == (SYSTEM, *talk.turns[3], *talk.turns[4], talk.newest)


def test_the_headroom_can_be_told():
    assert fit(talk_of(20, 20, 20, 20, 20), 100, headroom_tokens=0).left_out_turns == 1
    assert fit(talk_of(20, 20, 20, 20, 20), 100, headroom_tokens=60).left_out_turns == 4


def test_a_long_newest_prompt_pushes_out_only_what_does_not_fit():
    # The newest prompt alone leaves no quarter free, so turns go only as far as they must.
    assert fit(talk_of(5, 5, 5, 5, newest=75), 100).left_out_turns == 1


def test_a_start_once_chosen_stays_while_it_fits():
    talk = talk_of(20, 20, 20, start_turn=2)
    assert fit(talk, 1000) == Window((SYSTEM, *talk.turns[2], talk.newest), 2, frozenset({0, 1}))


def test_a_start_behind_the_last_turn_leaves_out_all_turns_and_no_more():
    talk = talk_of(20, start_turn=7)
    assert fit(talk, 1000) == Window((SYSTEM, talk.newest), 1, frozenset({0}))


def test_a_talk_without_a_system_prompt_is_fitted_alike():
    talk = talk_of(50, 10, system=None)
    assert fit(talk, 40) == Window((*talk.turns[1], talk.newest), 1, frozenset({0}))


def test_a_pinned_turn_stays_when_the_turns_around_it_go():
    talk = replace(talk_of(20, 20, 20, 20, 20), pinned=frozenset({1}))
    window = fit(talk, 100)
    # 10 + 20 pinned + 10 leaves room for one turn more below 75, and for no second one.
    assert window.left_out_turns == 4
    assert window.unseen == {0, 2, 3}
    assert window.messages == (SYSTEM, *talk.turns[1], *talk.turns[4], talk.newest)


def test_what_is_pinned_and_does_not_fit_is_named_as_the_reason():
    talk = replace(talk_of(90), pinned=frozenset({0}))
    with pytest.raises(ContextFull, match="what is pinned takes 110 tokens") as caught:
        fit(talk, 100)
    assert "/unpin" in caught.value.hint


def test_a_summary_is_told_before_what_is_left():
    told = (Message(Role.USER, "so far?"), Message(Role.ASSISTANT, "that."))
    talk = replace(talk_of(20, 20, start_turn=1), summary=told)
    assert fit(talk, 100).messages == (SYSTEM, *told, *talk.turns[1], talk.newest)


def test_a_summary_goes_where_the_newest_prompt_has_no_room_beside_it():
    told = (Message(Role.USER, "so far?"), Message(Role.ASSISTANT, "that."))
    talk = replace(talk_of(20, 20, newest=60, start_turn=1), summary=told)
    # 10 + 12 + 60 of 82 fit beside it, and the last turn goes; of 81 they do not.
    beside = slide(talk, count=Counter(), budget_tokens=82)
    assert beside.messages == (SYSTEM, *told, talk.newest)
    alone = slide(talk, count=Counter(), budget_tokens=81)
    assert (alone.messages, alone.without_summary) == ((SYSTEM, talk.newest), True)
    assert alone.unseen == {0, 1}
    with pytest.raises(ContextFull):
        slide(talk, count=Counter(), budget_tokens=69)


def test_a_newest_prompt_longer_than_the_budget_raises_context_full_with_figures_and_a_hint():
    with pytest.raises(ContextFull) as caught:
        fit(talk_of(20, newest=3000), 1000)
    assert "3010 tokens" in caught.value.message
    assert "1000" in caught.value.message
    assert "--ctx 4096" in caught.value.hint  # 3010 and a third more, in steps of 1024
    with pytest.raises(ContextFull) as caught:
        fit_window(talk_of(newest=LONGEST), count=Counter(), budget_tokens=1000)
    assert caught.value.hint == "a shorter message: the model holds no more"
    assert caught.value.kept


def test_a_newest_prompt_of_exactly_the_budget_fits():
    assert fit(talk_of(20, newest=90), 100).messages[-1].text == "n" * 90


def test_a_thousand_turns_are_fitted_in_a_dozen_counts():
    count = Counter()
    fit_window(talk_of(*[10] * 1000), count=count, budget_tokens=500)
    assert count.calls <= 12  # the start, the end, and ten halvings


sizes = st.lists(st.integers(0, 30), max_size=8)


@given(sizes, st.integers(0, 40), st.integers(20, 120), st.integers(0, 200), st.integers(0, 9))
def test_a_window_fits_moves_forward_only_and_drops_no_turn_it_could_keep(
    turn_sizes, newest, budget, headroom, start
):
    talk = talk_of(*turn_sizes, newest=newest, start_turn=start)
    count = Counter()
    bare = count(talk.messages(len(turn_sizes)))
    assume(bare <= budget)
    window = fit(talk, budget, headroom_tokens=headroom)
    first = window.left_out_turns
    assert window.messages == talk.messages(first)
    assert count(window.messages) <= budget
    assert first >= min(start, len(turn_sizes))
    if first > start:
        # One turn more would eat into the headroom or, where there can be none, not fit.
        limit = budget - headroom if bare <= budget - headroom else budget
        assert count(talk.messages(first - 1)) > limit


@pytest.mark.parametrize(
    ("n", "words"), [(1, "oldest turn no longer fits"), (3, "3 turns no longer")]
)
def test_a_notice_says_how_many_turns_are_left_out_and_where_they_are_kept(n, words):
    told = left_out(n)
    assert told.code is NoticeCode.LEFT_OUT
    assert words in told.text
    assert "the conversation keeps everything" in told.text


def test_what_was_counted_bounds_a_longer_prompt_closely_and_another_one_not_at_all():
    long = Message(Role.USER, "a long text " * 500)
    reply, newest = Message(Role.ASSISTANT, "yes"), Message(Role.USER, "and now?")
    counted = Counted((SYSTEM, long, reply), n_tokens=1503)
    told = (SYSTEM, long, reply, newest)
    assert 1503 + len("and now?") <= most_tokens(told, counted) <= 1503 + 300
    other = (Message(Role.SYSTEM, "another"), *told[1:])
    assert most_tokens(other, counted) == most_tokens(other, None) > 6000
    assert most_tokens(told[1:], counted) == most_tokens(told[1:], None)


def test_a_reply_that_was_not_counted_is_bounded_by_its_bytes():
    prompt, newest = Message(Role.USER, "a story?"), Message(Role.USER, "and then?")
    counted = Counted((prompt, Message(Role.ASSISTANT, "No.")), n_tokens=20)
    told = (prompt, Message(Role.ASSISTANT, "once " * 4000), newest)
    assert most_tokens(told, counted) == most_tokens(told, None) > 20_000


def test_a_label_that_was_raised_changes_no_count():
    public = Message(Role.USER, "hello " * 500, Label.PUBLIC)
    counted = Counted((public, Message(Role.ASSISTANT, "hi", Label.PUBLIC)), n_tokens=600)
    told = (replace(public, label=Label.PRIVATE), Message(Role.ASSISTANT, "hi"))
    assert most_tokens(told, counted) < 800


@given(st.lists(st.text(max_size=30), max_size=6))
def test_a_prompt_never_has_more_tokens_than_bytes_and_frames_allow(texts):
    messages = [Message(Role.USER, text) for text in texts]
    assert most_tokens(messages, None) >= sum(len(text.encode()) + 4 for text in texts)
