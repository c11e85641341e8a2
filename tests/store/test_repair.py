"""What can be read of a damaged store is saved, nothing else is made up, and it stays as it is."""

from __future__ import annotations

import os
import random
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from old_store import OldTurn, write_old_store
from writer import attempt

from edge.core.conversation import Conversation, Outcome, Summary
from edge.core.errors import StoreDamaged, UsageError
from edge.core.event import ContextUse
from edge.core.message import Message, Role
from edge.store.aside import working_folder
from edge.store.conversations import Conversations
from edge.store.database import open_database
from edge.store.drafts import NEW, Drafts
from edge.store.ledger import Ledger
from edge.store.policies import Policies
from edge.store.repair import Salvaged, salvage
from edge.store.search import Search
from edge.store.sent import SendBook
from spending import ledger_of, reserve, sent

PAGE_BYTES = 4096
Talks = dict[str, Conversation]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "edge.db"


def fill(path: Path, seed: int = 5, n_talks: int = 8) -> Talks:
    """Talks with branches, texts short and long; all of them, each at its branch."""
    chance = random.Random(seed)
    with closing(open_database(path)) as database:
        conversations = Conversations(database)
        for n in range(n_talks):
            talk = conversations.start("toy", f"system {n}")
            turn_ids: list[str | None] = [None]
            for m in range(chance.randint(1, 6)):
                word = chance.choice(["bee ", "蜂蜜，", "x"])
                prompt = f"{n}.{m} " + word * chance.choice([1, 30, 4000])
                parent_id = chance.choice(turn_ids[-2:])
                turn = conversations.begin_turn(talk.id, parent_id, Message(Role.USER, prompt))
                turn_ids.append(turn.id)
                reply = chance.choice(["yes", "long " * 2000, chance.randbytes(6000).hex()])
                told = ContextUse(4096, 900, summary_turn_id=turn.id)
                shares = [replace(attempt(reply), context=told)]
                conversations.end_turn(turn.id, shares, Outcome.FINISHED)
            conversations.set_title(talk.id, f"Title {n}", by_user=True)
            last = str(turn_ids[-1])
            conversations.keep_summary(talk.id, Summary(last, f"summary {n}", 12))
            conversations.pin(talk.id, last, True)
            Drafts(database).put(talk.id, f"draft {n}")
        return all_talks(conversations)


def all_talks(conversations: Conversations) -> Talks:
    return {each.id: conversations.get(each.id) for each in conversations.list(10**6)}


def read(path: Path) -> Talks:
    """All talks of a store that must be sound."""
    with closing(open_database(path)) as database:
        database.check()
        return all_talks(Conversations(database))


def texts(talks: Talks) -> dict[str, tuple[str, str]]:
    """What was asked and answered, by turn, on the branches the talks are at."""
    return {
        turn.id: (turn.prompt.text, turn.reply.text)
        for talk in talks.values()
        for turn in talk.turns
    }


def every_turn(path: Path) -> dict[str, tuple[str, str]]:
    """What was asked and answered, by turn, on every branch."""
    found = {}
    with closing(open_database(path)) as database:
        conversations = Conversations(database)
        for talk in conversations.list(10**6):
            for turn in conversations.every_turn(talk.id):
                found[turn.id] = (turn.prompt.text, turn.reply.text)
    return found


def nothing_made_up(path: Path, before: dict[str, tuple[str, str]]) -> Salvaged:
    """Salvage, and see that all that is in the new store was in the old one."""
    broken = path.read_bytes()
    saved = salvage(path)
    assert path.read_bytes() == broken
    after = every_turn(saved.path)
    assert len(after) == saved.n_turns
    for turn_id, (prompt, reply) in after.items():
        assert prompt == before[turn_id][0]
        assert reply in (before[turn_id][1], "")
    n_empty = sum(reply == "" for _, reply in after.values())
    assert n_empty <= saved.n_lost_replies
    with closing(open_database(saved.path)) as database:
        database.check()
        Search(database).find("bee 蜂")
        talks = all_talks(Conversations(database))
    for talk in talks.values():
        for turn in talk.turns:
            whole = turn.reply.text == before[turn.id][1]
            assert whole or turn.outcome is Outcome.INCOMPLETE
    saved.path.unlink()
    return saved


def test_a_sound_store_is_saved_whole(path: Path) -> None:
    talks = fill(path)
    saved = salvage(path)
    assert read(saved.path) == talks == read(path)
    assert saved.path == path.with_name("edge.db.salvaged")
    assert (saved.n_conversations, saved.n_lost_turns, saved.n_lost_replies) == (8, 0, 0)
    assert saved.path.stat().st_mode & 0o777 == 0o600
    with closing(open_database(saved.path)) as database:
        assert [Drafts(database).get(talk) for talk in talks] == [
            f"draft {n}" for n in reversed(range(8))
        ]
        assert len(Search(database).find("bee", 999)) > 0
        title = next(iter(talks.values())).title
        assert not Conversations(database).set_title(next(iter(talks)), "x", by_user=False)
        assert Conversations(database).get(title).title == title
    assert salvage(path).path == path.with_name("edge.db.salvaged-2")


def test_a_talk_before_its_first_turn_stays_there(path: Path) -> None:
    talks = fill(path)
    with closing(open_database(path)) as database:
        Conversations(database).go_to(next(iter(talks)), None)
        Drafts(database).put(NEW, "not begun")
    saved = salvage(path).path
    assert read(saved) == read(path)
    with closing(open_database(saved)) as database:
        assert Drafts(database).get(NEW) == "not begun"


def test_money_and_what_was_sent_are_saved_too(path: Path) -> None:
    fill(path)
    with closing(open_database(path)) as database:
        ledger = ledger_of(database)
        first, second = reserve(ledger, 1), reserve(ledger, 2)
        SendBook(database).sending(sent(first))
        ledger.release(second)
        Policies(database).keep("ab" * 16, "balanced", "escalate = 'ask'")
        before = SendBook(database).sends(), books(ledger)
    with closing(open_database(salvage(path).path)) as database:
        assert (SendBook(database).sends(), books(ledger_of(database))) == before
        assert Policies(database).text("ab" * 16) == "escalate = 'ask'"


def books(ledger: Ledger) -> object:
    with ledger._database.read() as connection:
        return [tuple(row) for row in connection.execute("SELECT * FROM reservations")]


@pytest.mark.parametrize("n_migrations", [1, 2])
def test_an_old_store_is_saved_as_a_new_one(path: Path, n_migrations: int) -> None:
    turns = [OldTurn("t1", "one", "yes"), OldTurn("t2", "two", "long " * 3000), OldTurn("t3", "?")]
    write_old_store(path, n_migrations, {"aaaa1111": turns, "bbbb1111": []})
    saved = salvage(path)
    assert (saved.n_conversations, saved.n_turns, saved.n_lost_turns) == (2, 3, 0)
    talks = read(saved.path)
    assert [turn.reply.text for turn in talks["aaaa1111"].turns] == ["yes", "long " * 3000, ""]
    assert talks["bbbb1111"].turns == ()


def lose_pages(path: Path, step: int) -> None:
    """Zero one page of every so many, each by itself, and see what is left."""
    fill(path, n_talks=3)
    before, sound, kept = every_turn(path), path.read_bytes(), []
    for start in range(0, len(sound), PAGE_BYTES * step):
        path.write_bytes(sound[:start] + bytes(PAGE_BYTES) + sound[start + PAGE_BYTES :])
        kept.append(nothing_made_up(path, before).n_turns)
    # A page that is damaged holds some turns at the most, and most pages hold none.
    assert min(kept) >= len(before) // 2
    assert kept.count(len(before)) > len(kept) // 2


def test_no_page_takes_more_than_what_it_held(path: Path) -> None:
    lose_pages(path, step=4)


@pytest.mark.campaign
def test_none_of_all_pages_takes_more_than_what_it_held(path: Path) -> None:
    lose_pages(path, step=1)


def test_a_file_cut_off_keeps_what_comes_before(path: Path) -> None:
    fill(path)
    before, sound = every_turn(path), path.read_bytes()
    for share in (9, 7, 5):
        path.write_bytes(sound[: len(sound) * share // 10 + 17])
        assert nothing_made_up(path, before).n_turns > 0


def damage(content: bytearray, chance: random.Random) -> None:
    for _ in range(chance.choice([1, 3, 30, 300])):
        at = chance.randrange(len(content))
        match chance.randrange(3):
            case 0:
                content[at] ^= 1 << chance.randrange(8)
            case 1:
                content[at : at + 8] = chance.randbytes(len(content[at : at + 8]))
            case 2:
                page = at - at % PAGE_BYTES
                if chance.random() < 0.1:
                    content[page : page + PAGE_BYTES] = bytes(PAGE_BYTES)


def damage_and_salvage(path: Path, seed: int, n_rounds: int) -> None:
    chance = random.Random(seed)
    fill(path, seed)
    before, sound = every_turn(path), path.read_bytes()
    for _ in range(n_rounds):
        broken = bytearray(sound)
        damage(broken, chance)
        path.write_bytes(broken)
        nothing_made_up(path, before)


def test_of_flipped_bytes_nothing_is_made_up(path: Path) -> None:
    damage_and_salvage(path, 20261121, n_rounds=6)


@pytest.mark.campaign
@pytest.mark.parametrize("seed", range(20))
def test_of_many_flipped_bytes_nothing_is_made_up(path: Path, seed: int) -> None:
    damage_and_salvage(path, seed, n_rounds=50)


def test_a_turn_whose_parent_is_lost_follows_the_one_before(path: Path) -> None:
    with closing(open_database(path)) as database:
        conversations = Conversations(database)
        talk, parent_id = conversations.start("toy", ""), None
        for text in ("one", "LOST TEXT", "three"):
            turn = conversations.begin_turn(talk.id, parent_id, Message(Role.USER, text))
            conversations.end_turn(turn.id, [attempt(f"to {text}")], Outcome.FINISHED)
            parent_id = turn.id
    content = path.read_bytes().replace(b"LOST TEXT", b"L0ST TEXT", 1)
    path.write_bytes(content)
    saved = salvage(path)
    (found,) = read(saved.path).values()
    assert [turn.prompt.text for turn in found.turns] == ["one", "three"]
    assert (saved.n_turns, saved.n_lost_turns) == (2, 1)


def test_an_answer_of_which_some_is_lost_is_not_shown_as_one(path: Path) -> None:
    talks = fill(path, n_talks=1)
    (talk,) = talks.values()
    with closing(open_database(path)) as database, database.write() as connection:
        connection.execute("UPDATE spans SET crc = crc + 1 WHERE attempt_id = 1")
    saved = salvage(path)
    assert saved.n_lost_replies == 1
    lost = [t for t in every_turn(saved.path).values() if t[1] == ""]
    assert len(lost) == 1
    (found,) = read(saved.path).values()
    assert found == replace(talk, turns=found.turns)


def test_a_turn_that_was_being_answered_is_incomplete(path: Path) -> None:
    with closing(open_database(path)) as database:
        conversations = Conversations(database)
        talk = conversations.start("toy", "")
        conversations.begin_turn(talk.id, None, Message(Role.USER, "hello"))
        saved = salvage(path)
    assert read(saved.path)[talk.id].turns[0].outcome is Outcome.INCOMPLETE


def test_what_a_killed_process_left_half_written_is_taken_back(path: Path) -> None:
    talks = fill(path, n_talks=2)
    if (child := os.fork()) == 0:
        # Small, so that pages of the half transaction are in the file when it dies.
        database = open_database(path)
        with database.write() as connection:
            connection.execute("PRAGMA cache_size = 1")
            connection.execute("UPDATE turns SET text = text || 'half', crc = 0")
            os._exit(9)
    os.waitpid(child, 0)
    journal = path.with_name("edge.db-journal")
    broken, undo = path.read_bytes(), journal.read_bytes()
    assert b"half" in broken
    saved = salvage(path)
    assert (path.read_bytes(), journal.read_bytes()) == (broken, undo)
    assert read(saved.path) == talks
    assert not list(path.parent.glob("salvage-*"))


def test_folders_of_repairs_that_were_killed_go_and_those_of_the_living_stay(path: Path) -> None:
    fill(path, n_talks=1)
    killed = path.with_name("salvage-f0f0f0")
    killed.mkdir()
    (killed / "edge.db").write_bytes(b"what was said")
    with working_folder(path) as living:
        salvage(path)
        assert living.exists()
    assert not list(path.parent.glob("salvage-*"))


@pytest.mark.parametrize("content", [b"", b"diary, " * 5000, bytes(8192), b"SQLite format 3\0"])
def test_where_nothing_can_be_read_there_is_no_new_file(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(StoreDamaged, match="nothing of a conversation"):
        salvage(path)
    assert [each.name for each in path.parent.iterdir()] == ["edge.db"]


def test_where_there_is_no_store_it_says_so(path: Path) -> None:
    with pytest.raises(UsageError, match="no store"):
        salvage(path)
