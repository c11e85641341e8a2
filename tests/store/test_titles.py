"""A talk has a title, and is found by it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from edge.core.errors import UnknownName
from edge.store.conversations import Conversations
from edge.store.database import open_database
from edge.store.titles import LONGEST_TITLE


@pytest.fixture
def conversations(tmp_path: Path) -> Iterator[Conversations]:
    ids = (f"{letter}bcd1111" for letter in itertools.cycle("abcdefgh"))
    with closing(open_database(tmp_path / "edge.db")) as database:
        yield Conversations(database, new_id=lambda: next(ids))


def titled(conversations: Conversations, title: str) -> str:
    talk = conversations.start("toy", "")
    conversations.set_title(talk.id, title, by_user=True)
    return talk.id


def test_a_model_never_overwrites_what_a_user_called_a_talk(conversations: Conversations) -> None:
    talk = conversations.start("toy", "")
    assert talk.title == ""
    assert conversations.set_title(talk.id, "Bees", by_user=False)
    assert conversations.set_title(talk.id, "How bees fly", by_user=False)
    assert conversations.get(talk.id).title == "How bees fly"
    assert conversations.set_title(talk.id, "My bees", by_user=True)
    assert not conversations.set_title(talk.id, "Insects", by_user=False)
    assert conversations.get(talk.id).title == conversations.list()[0].title == "My bees"


def test_a_title_that_is_taken_away_may_be_given_again(conversations: Conversations) -> None:
    talk_id = titled(conversations, "My bees")
    assert not conversations.set_title(talk_id, " ", by_user=False)
    assert conversations.get(talk_id).title == "My bees"
    conversations.set_title(talk_id, "", by_user=True)
    assert conversations.set_title(talk_id, "Insects", by_user=False)
    assert conversations.get(talk_id).title == "Insects"
    with pytest.raises(UnknownName, match="nobody"):
        conversations.set_title("nobody", "x", by_user=True)


def test_a_title_is_one_line_of_a_bearable_length(conversations: Conversations) -> None:
    talk_id = titled(conversations, "  How\n\tbees  fly ")
    assert conversations.get(talk_id).title == "How bees fly"
    conversations.set_title(talk_id, "x" * 10_000, by_user=True)
    assert conversations.get(talk_id).title == "x" * LONGEST_TITLE


@pytest.mark.parametrize("name", ["how bees fly", " HOW  BEES fly", "How b", "ｈow bees", "how"])
def test_a_talk_is_found_by_its_title_or_a_start_of_it(
    conversations: Conversations, name: str
) -> None:
    talk_id = titled(conversations, "How bees fly")
    titled(conversations, "蜜蜂怎么飞")
    assert conversations.get(name).id == talk_id
    assert conversations.get("蜜蜂").title == "蜜蜂怎么飞"


def test_a_whole_title_wins_over_the_start_of_another(conversations: Conversations) -> None:
    titled(conversations, "Bees and wasps")
    short = titled(conversations, "Bees")
    assert conversations.get("bees").id == short


def test_a_whole_title_wins_over_the_start_of_an_id_and_an_id_over_all(
    conversations: Conversations,
) -> None:
    first = titled(conversations, "b")  # of id abcd1111
    second = titled(conversations, "abcd1111")  # of id bbcd1111
    assert conversations.get("b").id == first
    assert conversations.get("bb").id == second
    assert conversations.get("abcd1111").id == first


def test_a_title_that_two_talks_have_names_none(conversations: Conversations) -> None:
    ids = [titled(conversations, title) for title in ("Bees", "bees", "Bears")]
    for name, found in (("bees", ids[:2]), ("be", ids)):
        with pytest.raises(UnknownName, match=f"{len(found)} conversations") as caught:
            conversations.get(name)
        assert set(caught.value.hint.split(" or ")) == set(found)


@pytest.mark.parametrize("name", ["%", "*", "' OR 1=1", "x", "\0"])
def test_a_title_is_never_a_pattern(conversations: Conversations, name: str) -> None:
    titled(conversations, "How bees fly")
    with pytest.raises(UnknownName):
        conversations.get(name)
