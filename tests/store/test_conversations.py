"""What was said is kept: equal, in order, and by name."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from edge.core.conversation import Outcome, Turn
from edge.core.decision import Decision, Reason, Signals, Target
from edge.core.errors import EdgeError, UnknownName, UsageError
from edge.core.event import Attempt, Channel, Confidence, Span, StopReason, Usage
from edge.core.message import Label, Message, Role
from edge.core.units import Money
from edge.settings.folders import Folders
from edge.store.codec import decode, encode
from edge.store.conversations import Conversations
from edge.store.database import Database, open_database
from edge.store.state import State

DECISION = Decision(Target.EDGE, Reason.CLOUD_OFF, Signals(3, Label.PRIVATE, cloud_allowed=False))
# Figures with no short decimal form: they must come back bit for bit.
USAGE = Usage(812, 800, 77, 0.1 + 0.2, 1 / 3, 5e-324)
ATTEMPT = Attempt(
    n=0,
    decision=DECISION,
    model="toy",
    stop_reason=StopReason.END,
    usage=USAGE,
    confidence=Confidence(-0.1, -2 / 3, 1e300),
    spans=(Span(Channel.REASONING, "hm"), Span(Channel.ANSWER, "yes"), Span(Channel.ANSWER, "!")),
)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(open_database(tmp_path / "edge.db")) as database:
        yield database


@pytest.fixture
def conversations(database: Database) -> Conversations:
    return Conversations(database)


def ask(conversations: Conversations, talk_id: str, text: str, after: Turn | None = None) -> Turn:
    return conversations.begin_turn(talk_id, after.id if after else None, Message(Role.USER, text))


def test_a_turn_comes_back_equal_after_the_store_was_closed(tmp_path: Path) -> None:
    with closing(open_database(tmp_path / "edge.db")) as database:
        conversations = Conversations(database)
        talk = conversations.start("toy", "be brief")
        prompt = Message(Role.USER, "is it? 是吗 👩‍🚀", Label.PUBLIC)
        turn = conversations.begin_turn(talk.id, None, prompt)
        silent = Attempt(1, DECISION, "big", StopReason.CANCELLED, USAGE, None, ())
        conversations.end_turn(turn.id, [ATTEMPT, silent], Outcome.STOPPED)
    with closing(open_database(tmp_path / "edge.db")) as database:
        kept = Conversations(database).get(talk.id)
    ended = Turn(turn.id, None, prompt, (ATTEMPT, silent), turn.started_at_utc, Outcome.STOPPED)
    assert (kept.id, kept.model, kept.system) == (talk.id, "toy", "be brief")
    assert kept.started_at_utc == talk.started_at_utc
    assert kept.turns == (ended,)


def test_what_begin_turn_returns_is_what_is_kept(conversations: Conversations) -> None:
    talk = conversations.start("toy", "")
    assert conversations.get(talk.id) == talk
    turn = ask(conversations, talk.id, "hello")
    assert turn.outcome is Outcome.OPEN
    assert turn.started_at_utc.endswith("Z")
    assert conversations.get(talk.id).turns == (turn,)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\0",
        "a\0b\0",
        "\r\n\t\x1b[31m",
        "<|im_end|>",
        "'; DROP TABLE turns; --",
        "e\u0301\ufeff\uffff",
    ],
)
def test_any_text_is_kept_as_it_is(conversations: Conversations, text: str) -> None:
    talk = conversations.start("toy", text)
    turn = ask(conversations, talk.id, text)
    reply = Attempt(0, DECISION, "toy", StopReason.END, USAGE, None, (Span(Channel.ANSWER, text),))
    conversations.end_turn(turn.id, [reply], Outcome.FINISHED)
    kept = conversations.get(talk.id)
    assert (kept.system, kept.turns[0].prompt.text, kept.turns[0].reply.text) == (text,) * 3


def test_a_prompt_of_10_mb_comes_back_equal(conversations: Conversations) -> None:
    text = "0123456789abcdé" * 650_000
    assert len(text.encode()) > 10_000_000
    talk = conversations.start("toy", "")
    ask(conversations, talk.id, text)
    assert conversations.get(talk.id).turns[0].prompt.text == text
    assert conversations.list()[0].opening == text[:80]


def test_half_a_character_is_refused_and_nothing_is_kept(conversations: Conversations) -> None:
    talk = conversations.start("toy", "")
    with pytest.raises(UsageError, match="position 2"):
        ask(conversations, talk.id, "ab\udc80")
    with pytest.raises(UsageError):
        conversations.set_system(talk.id, "\ud800")
    assert conversations.get(talk.id) == talk


def test_a_turn_ends_once_and_all_of_it_or_nothing(conversations: Conversations) -> None:
    talk = conversations.start("toy", "")
    turn = ask(conversations, talk.id, "hello")
    with pytest.raises(EdgeError):  # two attempts with the same number
        conversations.end_turn(turn.id, [ATTEMPT, ATTEMPT], Outcome.FINISHED)
    assert conversations.get(talk.id).turns == (turn,)
    with pytest.raises(UsageError, match="open"):
        conversations.end_turn(turn.id, [], Outcome.OPEN)
    conversations.end_turn(turn.id, [ATTEMPT], Outcome.FINISHED)
    with pytest.raises(UnknownName, match=turn.id):
        conversations.end_turn(turn.id, [], Outcome.FAILED)
    assert conversations.get(talk.id).turns[0].outcome is Outcome.FINISHED


def test_a_turn_follows_only_a_turn_of_its_own_conversation(conversations: Conversations) -> None:
    one, other = conversations.start("toy", ""), conversations.start("toy", "")
    elsewhere = ask(conversations, other.id, "hello")
    with pytest.raises(UnknownName, match=elsewhere.id):
        ask(conversations, one.id, "and?", after=elsewhere)
    with pytest.raises(UnknownName):
        ask(conversations, "nobody", "hello")
    assert conversations.get(one.id).turns == ()


def test_a_talk_has_the_turns_of_its_branch_and_every_turn_is_found(
    conversations: Conversations,
) -> None:
    talk = conversations.start("toy", "")
    root = ask(conversations, talk.id, "root")
    left = ask(conversations, talk.id, "left", after=root)
    right = ask(conversations, talk.id, "right", after=root)
    leaf = ask(conversations, talk.id, "leaf", after=left)
    assert conversations.get(talk.id).turns == (root, left, leaf)
    conversations.go_to(talk.id, right.id)
    assert conversations.get(talk.id).turns == (root, right)
    assert conversations.every_turn(talk.id) == (root, left, right, leaf)
    with pytest.raises(UnknownName):
        conversations.every_turn("nobody")


def test_order_is_by_sequence_when_the_clock_goes_back(database: Database) -> None:
    years = itertools.count(2030, -1)
    conversations = Conversations(database, now_utc=lambda: f"{next(years)}-01-01T00:00:00Z")
    first, second = conversations.start("toy", "first"), conversations.start("toy", "second")
    assert conversations.latest() == second
    turns: list[Turn] = []
    for n in range(3):
        turns.append(ask(conversations, first.id, f"prompt {n}", after=turns[-1] if n else None))
    kept = conversations.latest()
    assert kept is not None
    assert (kept.id, kept.turns) == (first.id, tuple(turns))
    assert [each.id for each in conversations.list()] == [first.id, second.id]


def test_a_list_shows_how_each_conversation_began_and_when_it_was_used(
    database: Database,
) -> None:
    hours = itertools.count()
    conversations = Conversations(database, now_utc=lambda: f"2026-01-01T0{next(hours)}:00:00Z")
    talk = conversations.start("toy", "")
    asked = ask(conversations, talk.id, "how do bees fly?")
    ask(conversations, talk.id, "and wasps?", after=asked)
    empty = conversations.start("big", "")
    first, second = conversations.list()
    assert (first.id, first.opening, first.n_turns) == (empty.id, "", 0)
    assert first.last_at_utc == "2026-01-01T03:00:00Z"
    assert (second.id, second.model, second.opening) == (talk.id, "toy", "how do bees fly?")
    assert (second.n_turns, second.last_at_utc) == (2, "2026-01-01T02:00:00Z")
    assert conversations.list(limit=1) == (first,)


def test_an_empty_store_has_no_latest(conversations: Conversations) -> None:
    assert conversations.latest() is None
    assert conversations.list() == ()
    with pytest.raises(UnknownName) as caught:
        conversations.get("k3v9")
    assert caught.value.hint == "edge chat"


def test_where_no_id_is_near_the_newest_are_named(database: Database) -> None:
    ids = iter(["aaaa1111", "bbbb1111", "cccc1111", "dddd1111"])
    conversations = Conversations(database, new_id=lambda: next(ids))
    for _ in range(4):
        conversations.start("toy", "")
    with pytest.raises(UnknownName) as caught:
        conversations.get("z" * 10_000)
    assert caught.value.hint == "dddd1111 or cccc1111 or bbbb1111"
    assert len(caught.value.line()) < 200


def test_a_conversation_is_found_by_any_unique_start_of_its_id(database: Database) -> None:
    ids = iter(["abcd1111", "abxy2222", "k0v1z3q9"])
    conversations = Conversations(database, new_id=lambda: next(ids))
    for _ in range(3):
        conversations.start("toy", "")
    assert conversations.get("abc").id == "abcd1111"
    assert conversations.get(" ABX ").id == "abxy2222"
    assert conversations.get("kOvL").id == "k0v1z3q9"  # misread as O and L
    for ambiguous in ("ab", ""):
        with pytest.raises(UnknownName) as caught:
            conversations.get(ambiguous)
        assert "abcd1111" in caught.value.hint
    with pytest.raises(UnknownName) as caught:
        conversations.get("abcd1112")
    assert caught.value.hint == "abcd1111"


@pytest.mark.parametrize("name", ["%", "*", "_bcd1111", "abcd1111' OR 1=1", "a\0", "~", "目"])
def test_a_name_is_never_a_pattern(database: Database, name: str) -> None:
    conversations = Conversations(database, new_id=lambda: "abcd1111")
    conversations.start("toy", "")
    with pytest.raises(UnknownName):
        conversations.get(name)


def test_an_id_that_is_taken_is_drawn_again(database: Database) -> None:
    ids = iter(["same", "same", "other"])
    conversations = Conversations(database, new_id=lambda: next(ids))
    assert [conversations.start("toy", "").id for _ in range(2)] == ["same", "other"]


def test_ids_are_short_and_hold_no_letter_that_looks_like_another(
    conversations: Conversations,
) -> None:
    ids = "".join(conversations.start("toy", "").id for _ in range(20))
    assert len(ids) == 160
    assert not set(ids) & set("ilouILOU")


def test_a_new_system_prompt_and_model_are_kept(conversations: Conversations) -> None:
    talk = conversations.start("toy", "be brief")
    conversations.set_system(talk.id, "be long")
    conversations.set_model(talk.id, "big")
    kept = conversations.get(talk.id)
    assert (kept.system, kept.model) == ("be long", "big")


def test_changing_what_is_not_there_is_an_error(conversations: Conversations) -> None:
    for change in (
        lambda: conversations.set_system("nobody", ""),
        lambda: conversations.set_model("nobody", ""),
        lambda: conversations.delete("nobody"),
    ):
        with pytest.raises(UnknownName, match="nobody"):
            change()


def test_a_deleted_conversation_takes_all_it_held_and_nothing_else(
    database: Database, conversations: Conversations
) -> None:
    kept, gone = conversations.start("toy", ""), conversations.start("toy", "")
    for talk in (kept, gone):
        turn = ask(conversations, talk.id, "hello")
        ask(conversations, talk.id, "and?", after=turn)
        conversations.end_turn(turn.id, [ATTEMPT], Outcome.FINISHED)
    conversations.delete(gone.id)
    with pytest.raises(UnknownName):
        conversations.get(gone.id)
    assert len(conversations.get(kept.id).turns) == 2
    with database.read() as connection:
        counts = [
            connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for table in ("turns", "attempts", "spans")
        ]
    assert counts == [2, 1, 3]


def test_recover_leaves_the_turns_of_the_living_open(tmp_path: Path) -> None:
    path = tmp_path / "edge.db"
    with closing(open_database(path)) as one, closing(open_database(path)) as two:
        mine, theirs = Conversations(one), Conversations(two)
        talk = mine.start("toy", "")
        turn = ask(mine, talk.id, "mine")
        turns = turn, ask(theirs, talk.id, "theirs", after=turn)
        assert (mine.recover(), theirs.recover()) == (0, 0)
        assert mine.get(talk.id).turns == turns


def test_recover_marks_what_a_closed_store_left_open(tmp_path: Path) -> None:
    path = tmp_path / "edge.db"
    with closing(open_database(path)) as database:
        conversations = Conversations(database)
        talk = conversations.start("toy", "")
        ended = ask(conversations, talk.id, "one")
        ask(conversations, talk.id, "two", after=ended)
        conversations.end_turn(ended.id, [], Outcome.FAILED)
    with closing(open_database(path)) as database:
        conversations = Conversations(database)
        assert (conversations.recover(), conversations.recover()) == (1, 0)
        outcomes = [turn.outcome for turn in conversations.get(talk.id).turns]
    assert outcomes == [Outcome.FAILED, Outcome.INCOMPLETE]
    assert list(path.with_name("edge.db-owners").iterdir()) == []


def test_recover_touches_no_file_that_a_tampered_store_names(
    tmp_path: Path, database: Database, conversations: Conversations
) -> None:
    victim = tmp_path / "victim.lock"
    victim.touch()
    talk = conversations.start("toy", "")
    ask(conversations, talk.id, "hello")
    with database.write() as connection:
        connection.execute("UPDATE turns SET owner = '../victim'")
    assert conversations.recover() == 1
    assert victim.exists()


def test_an_answer_finds_its_place_though_its_owner_was_taken_for_dead(tmp_path: Path) -> None:
    path = tmp_path / "edge.db"
    with closing(open_database(path)) as one, closing(open_database(path)) as two:
        conversations = Conversations(one)
        talk = conversations.start("toy", "")
        turn = ask(conversations, talk.id, "hello")
        for lock in path.with_name("edge.db-owners").iterdir():
            lock.unlink()
        assert Conversations(two).recover() == 1
        conversations.end_turn(turn.id, [ATTEMPT], Outcome.FINISHED)
        kept = conversations.get(talk.id).turns[0]
    assert (kept.outcome, kept.attempts) == (Outcome.FINISHED, (ATTEMPT,))


# Values as text.


@dataclass(frozen=True)
class Wide:
    """One field of each shape a stored value may have."""

    cost: Money | None
    labels: tuple[Label, ...]
    pair: tuple[int, str]
    on: date
    inner: Signals
    score: float | None = None
    note: str = "none"


WIDE = Wide(
    Money(Decimal("0.10"), "CNY"),
    (Label.PRIVATE, Label.PUBLIC),
    (7, "\ud800\0"),
    date(2026, 11, 21),
    DECISION.signals,
    float("-inf"),
)


@pytest.mark.parametrize("value", [DECISION, USAGE, ATTEMPT.confidence, WIDE], ids=type)
def test_a_value_comes_back_equal_and_of_the_same_types(value: object) -> None:
    back = decode(type(value), encode(value))
    assert back == value
    assert repr(back) == repr(value)


def test_rows_of_older_and_newer_versions_stay_readable() -> None:
    text = encode(WIDE).replace(',"note":"none"', "").replace('{"cost"', '{"mood":"new","cost"')
    assert "note" not in text
    assert decode(Wide, text) == WIDE


@pytest.mark.parametrize(
    "text",
    ["", "\0\0", "[]", "{}", '{"target":"moon","reason":"cloud_off","signals":{}}', "[" * 100_000],
)
def test_text_that_holds_no_decision_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):  # of any kind, with any words
        decode(Decision, text)


# What is remembered between runs.


def test_the_model_used_last_is_remembered_in_a_private_file(tmp_path: Path) -> None:
    folders = Folders.below(tmp_path / "home")
    assert State(folders).last_model is None
    State(folders).remember_model("toy")
    State(folders).remember_model("big")
    assert State(folders).last_model == "big"
    (file,) = folders.data.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600


def test_thread_counts_are_remembered_for_each_model_beside_the_rest(tmp_path: Path) -> None:
    state = State(Folders.below(tmp_path / "home"))
    assert state.threads("toy") is None
    state.remember_model("toy")
    state.remember_threads("toy", 4)
    state.remember_threads("big", 2)
    assert (state.threads("toy"), state.threads("big"), state.last_model) == (4, 2, "toy")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b'{"last_model": 3}', b"null"])
def test_a_state_file_that_makes_no_sense_is_forgotten(tmp_path: Path, content: bytes) -> None:
    folders = Folders.below(tmp_path)
    folders.data.mkdir()
    (folders.data / "state.json").write_bytes(content)
    assert State(folders).last_model is None
    State(folders).remember_model("toy")
    assert State(folders).last_model == "toy"
