"""Words find the messages that hold them: all of them, no others, and none that was deleted."""

from __future__ import annotations

import random
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from unicodedata import name, normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st
from writer import attempt

from edge.core.conversation import Outcome
from edge.core.errors import UsageError
from edge.core.event import Channel, Span
from edge.core.message import Message, Role
from edge.store.conversations import Conversations
from edge.store.database import Database, open_database
from edge.store.search import Hit, Search
from edge.store.snippet import cut_out
from edge.store.words import folded, pattern, terms, wanted

Said = tuple[str, Role]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(open_database(tmp_path / "edge.db")) as database:
        yield database


def say(database: Database, *turns: tuple[str, str]) -> str:
    """A talk of these prompts and replies; its id."""
    conversations = Conversations(database)
    talk, parent_id = conversations.start("toy", ""), None
    for prompt, reply in turns:
        turn = conversations.begin_turn(talk.id, parent_id, Message(Role.USER, prompt))
        conversations.end_turn(turn.id, [attempt(reply)], Outcome.FINISHED)
        parent_id = turn.id
    return talk.id


def found(hit: Hit) -> list[str]:
    """The pieces of a snippet that are marked."""
    return [hit.snippet[start:end] for start, end in hit.found]


@pytest.mark.parametrize(
    ("words", "marked"),
    [
        ("fly", ["fly"]),
        ("BEE", ["Bee"]),
        ("wing stroke", ["Wing", "stroke"]),
        ("don't", ["don't"]),
        ("strasse", ["Straße"]),
        ("gpt", ["ＧＰＴ"]),
        ("量子", ["量子"]),
        ("量", ["量"]),
        ("子", ["子"]),
        ("模型", ["模型"]),
        ("gpt模型", ["ＧＰＴ模型"]),
        ("café", ["cafe\u0301"]),
        ("foo_bar", ["foo_bar"]),
        ("bar", ["bar"]),
        ("(3.14)", ["3.14"]),
        ("ひらがな", ["ひらがな"]),
        ("한국", ["한국"]),
        ("при", ["При"]),
        ("👩‍🚀 fly!", ["fly"]),
    ],
)
def test_a_message_is_found_by_its_words(database: Database, words: str, marked: list[str]) -> None:
    text = (
        "Bees fly. Wing stroke? don't: Straße ＧＰＴ模型量子，cafe\u0301 foo_bar 3.14 "
        "ひらがなで 한국어 Привет"
    )
    talk_id = say(database, ("hello", text))
    (hit,) = Search(database).find(words)
    assert (hit.conversation_id, hit.role) == (talk_id, Role.ASSISTANT)
    assert found(hit) == marked


@pytest.mark.parametrize(
    "words", ["ees", "be", "b", "fly wasp", "子计", "计量", "bees flying", "flybees", "3.15", "xyz"]
)
def test_what_is_not_there_is_not_found(database: Database, words: str) -> None:
    say(database, ("Bees fly", "量子 计算，计 量"), ("a wasp", ""))
    assert Search(database).find(words) == ()


def test_all_the_words_are_in_one_message(database: Database) -> None:
    say(database, ("how do bees fly", "with their wings"))
    assert Search(database).find("bees wings") == ()
    assert len(Search(database).find("with wings")) == 1


def test_hits_are_newest_first_with_their_talk_and_time(database: Database) -> None:
    first = say(database, ("one bee", "two bees"), ("no", "none"))
    second = say(database, ("a bee", "no"))
    Conversations(database).set_title(first, "Insects", by_user=True)
    hits = Search(database).find("bee")
    assert [(hit.conversation_id, hit.title, hit.role) for hit in hits] == [
        (second, "", Role.USER),
        (first, "Insects", Role.ASSISTANT),
        (first, "Insects", Role.USER),
    ]
    turn = Conversations(database).get(first).turns[0]
    assert (hits[1].turn_id, hits[1].at_utc) == (turn.id, turn.started_at_utc)
    assert Search(database).find("bee", limit=2) == hits[:2]


def test_a_prompt_is_found_before_it_is_answered_and_another_branch_too(
    database: Database,
) -> None:
    conversations = Conversations(database)
    talk = conversations.start("toy", "")
    conversations.begin_turn(talk.id, None, Message(Role.USER, "first try"))
    conversations.begin_turn(talk.id, None, Message(Role.USER, "second try"))
    assert len(Search(database).find("try")) == 2


def test_what_was_thought_or_not_shown_is_not_found(database: Database) -> None:
    conversations = Conversations(database)
    talk = conversations.start("toy", "")
    turn = conversations.begin_turn(talk.id, None, Message(Role.USER, "hello"))
    first, withheld, last = attempt("ans"), attempt("withheld"), attempt("wer")
    thought = Span(Channel.REASONING, "ponder")
    attempts = [
        replace(first, spans=(thought, *first.spans)),
        replace(withheld, n=1, shown=False),
        replace(last, n=2),
    ]
    conversations.end_turn(turn.id, attempts, Outcome.FINISHED)
    search = Search(database)
    assert search.find("ponder") == search.find("withheld") == ()
    assert [found(hit) for hit in search.find("answer")] == [["answer"]]


@pytest.mark.parametrize("words", ["", "  ", "++ --", '"', "*"])
def test_a_search_without_a_letter_is_refused(database: Database, words: str) -> None:
    with pytest.raises(UsageError, match="no word"):
        Search(database).find(words)


@pytest.mark.parametrize(
    "words", ['a" OR "b', "a AND b", "NEAR(a b)", "a*", "words:a", "a\0b", "^a"]
)
def test_words_are_never_a_pattern(database: Database, words: str) -> None:
    say(database, ("zzz", "yyy"))
    assert Search(database).find(words) == ()


def test_a_snippet_shows_the_place_on_one_line(database: Database) -> None:
    text = "x " * 500 + "\nthe needle\tlies\nhere\n" + "y " * 500
    say(database, (text, ""))
    (hit,) = Search(database).find("needle")
    assert "the needle lies here" in hit.snippet
    assert found(hit) == ["needle"]
    assert len(hit.snippet) < 200
    assert "\n" not in hit.snippet


@pytest.mark.parametrize(
    "filler", ["hello wörld ", "h\u0301e\u0301", "ﬁgﬃ ", "hello world ", "가\u11a8"]
)
@pytest.mark.parametrize("word", ["needle", "Nee\u0301dle", "ﬁr"])
def test_in_a_long_line_what_was_found_is_marked_where_it_stands(filler: str, word: str) -> None:
    text = filler * 1500 + f" {word} and {word} " + filler * 1500
    cut = cut_out(text, [pattern(wanted(word)[0])])
    assert cut is not None
    assert [cut.text[start:end] for start, end in cut.found] == [word, word]
    assert cut.text.strip("…") in text


@pytest.mark.parametrize("word", ["needle", "hello"], ids=["found once", "found everywhere"])
def test_in_a_long_line_only_what_is_shown_is_looked_at_letter_by_letter(word: str) -> None:
    text, looked_for = "hello wörld " * 20_000 + "needle", [pattern(word)]
    calls = Counter[str]()
    sys.setprofile(lambda frame, event, asked: calls.update([event]))
    try:
        assert cut_out(text, looked_for)
    finally:
        sys.setprofile(None)
    assert 0 < calls.total() < len(text) / 5


def test_a_damaged_text_is_not_found_and_hides_no_other(database: Database) -> None:
    say(database, ("a bee", "sound"), ("another bee", "sound"))
    with database.write() as connection:
        connection.execute("UPDATE turns SET text = 'forged bee' WHERE seq = 1")
    assert [hit.snippet for hit in Search(database).find("bee")] == ["another bee"]


def test_what_is_deleted_leaves_no_term_in_the_file(database: Database) -> None:
    kept = say(database, *(("keep the honeycomb", "蜂巢里的蜂蜜 " * 20) for _ in range(30)))
    gone = say(database, *((f"my secret{n} xylophone", "绝密的计划 " * 20) for n in range(30)))
    say(database, ("more honeycomb", "later"))
    content = database.path.read_bytes()
    assert b"xylophone" in content
    assert b"secret29" in content
    Conversations(database).delete(gone)
    content = database.path.read_bytes()
    # Of a term that begins like the one before it only the rest is written.
    for secret in (b"xylophone", b"ylophone", b"secret", "密".encode(), "划".encode()):
        assert secret not in content
    assert Search(database).find("绝密") == ()
    assert {hit.conversation_id for hit in Search(database).find("honeycomb 蜂巢", 99)} <= {kept}
    assert len(Search(database).find("honeycomb", 99)) == 31
    assert len(Search(database).find("蜂巢", 99)) == 30
    database.check()


# Against a reader who looks at every message.

PIECES = [
    "bee", "Bees", "beekeeper", "wasp", "Ｗasp", "ﬁg", "fig", "café", "cafe\u0301", "C++", "c",
    "foo.bar", "foo", "bar", "量子", "量", "子", "计算机", "计算", "机", "中国人民", "国人",
    "GPT模型", "模型", "3.14", "14", "_x_", "x", "don't", "\n", "，", "👍", "ñ", "İ",
    "ß", "ss", "가", "가나",
]  # fmt: skip


def looks_through(said: list[Said], words: str) -> list[Said]:
    """The messages that hold every word, by the plainest means."""
    asked = [strip(word) for word in fold(words).split()]
    asked = [word for word in asked if word]
    return [each for each in said if all(is_in(word, fold(each[0])) for word in asked)]


def fold(text: str) -> str:
    return normalize("NFKC", normalize("NFKC", text).casefold())


def strip(word: str) -> str:
    kept = [at for at, letter in enumerate(word) if letter.isalnum()]
    return word[kept[0] : kept[-1] + 1] if kept else ""


def is_spaced(letter: str) -> bool:
    scripts = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL")
    return letter.isalnum() and not name(letter).startswith(scripts)


def is_in(word: str, text: str) -> bool:
    at = text.find(word)
    while at >= 0:
        begins = not (is_spaced(word[0]) and at > 0 and is_spaced(text[at - 1]))
        last = word[len(word.rstrip("".join(filter(is_spaced, word)))) :]
        end = at + len(word)
        short = is_spaced(word[-1]) and len(last) < 3
        ends = not (short and end < len(text) and is_spaced(text[end]))
        if begins and ends:
            return True
        at = text.find(word, at + 1)
    return False


def compare(path: Path, seed: int, n_talks: int, n_searches: int) -> None:
    """Fill a store at random, delete some, and search it and a plain list of what was said."""
    chance = random.Random(seed)
    talks: dict[str, list[Said]] = {}

    def text() -> str:
        joints = chance.choice([" ", "", " ", ", "])
        return joints.join(chance.choices(PIECES, k=chance.randint(1, 9)))

    with closing(open_database(path)) as database:
        for _ in range(n_talks):
            turns = [(text(), text()) for _ in range(chance.randint(1, 4))]
            talks[say(database, *turns)] = [
                message
                for prompt, reply in reversed(turns)
                for message in ((reply, Role.ASSISTANT), (prompt, Role.USER))
            ]
            if chance.random() < 0.1:
                gone = chance.choice(list(talks))
                Conversations(database).delete(gone)
                del talks[gone]
        said = [message for each in reversed(talks.values()) for message in each]
        for _ in range(n_searches):
            words = " ".join(chance.choices(PIECES, k=chance.choice([1, 1, 1, 2, 3])))
            if not strip(words):
                continue
            hits = Search(database).find(words, limit=10**6)
            expected = looks_through(said, words)
            assert [hit.role for hit in hits] == [role for _, role in expected], (seed, words)
            for hit, (whole, _) in zip(hits, expected, strict=True):
                assert hit.snippet.strip("…") in " ".join(whole.split("\n")), (seed, words)
                assert hit.found, (seed, words)
        database.check()


def test_a_search_finds_what_a_reader_of_every_message_finds(tmp_path: Path) -> None:
    compare(tmp_path / "edge.db", 20261121, n_talks=25, n_searches=150)


@pytest.mark.campaign
@pytest.mark.parametrize("seed", range(20))
def test_many_searches_find_what_a_reader_finds(tmp_path: Path, seed: int) -> None:
    compare(tmp_path / "edge.db", seed, n_talks=150, n_searches=1500)


# The pure parts.


@given(st.text(), st.data())
def test_any_word_of_a_text_finds_it(text: str, data: st.DataObject) -> None:
    asked = wanted(text)
    if asked:
        word = data.draw(st.sampled_from(asked))
        assert terms(word) <= terms(text) | terms(word)
        assert cut_out(text, [pattern(word)])


@given(st.text(min_size=1), st.sampled_from(["bee", "量子", "ﬁ", "é", "gpt模型"]), st.text())
def test_what_is_marked_is_what_was_asked(before: str, word: str, after: str) -> None:
    asked = wanted(word)[0]
    cut = cut_out(f"{before} {word} {after}", [pattern(asked)])
    assert cut is not None
    assert cut.found
    for start, end in cut.found:
        assert 0 <= start < end <= len(cut.text)
        assert asked in folded(cut.text[start:end])
