"""The parts of the stage that need no terminal: folding, completing, waiting, drafts, the board."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.key_binding import KeyPress
from prompt_toolkit.keys import Keys
from prompt_toolkit.output import DummyOutput

from edge.cli.page.theme import theme
from edge.cli.stage.board import Board
from edge.cli.stage.bottom import Bottom, fitted
from edge.cli.stage.completing import Names, candidates
from edge.cli.stage.drafts import Autosave, apart, as_one
from edge.cli.stage.ear import Ear
from edge.cli.stage.folding import Folds
from edge.cli.stage.history import Prompts
from edge.cli.stage.layout import Around
from edge.cli.stage.line import Line
from edge.cli.stage.waiting import Queue
from edge.cli.talk.commands import COMMANDS
from edge.cli.talk.standing import Standing
from edge.cli.words import stage as words
from edge.cli.words.standing import parts, parts_in_short
from edge.core.decision import Decision, Reason, Signals, Target
from edge.core.message import Label
from edge.store.conversations import Conversations
from edge.store.database import open_in_memory
from edge.store.drafts import NEW, Drafts
from shell import PATIENCE_S

NAMES = Names(
    COMMANDS,
    lambda: ["qwen3-0.6b", "qwen3-1.7b", "toy"],
    lambda: [
        ("k3aaaaaa", "A trip to Rome"),
        ("k4bbbbbb", ""),
        ("k5cccccc", "Twice"),
        ("k6", "Twice"),
    ],
)


SIGNALS = Signals(turn_index=0, label=Label.PUBLIC, cloud_allowed=True)


# Folding.


@given(st.lists(st.text(), max_size=5))
def test_what_is_folded_comes_back_whole_whatever_it_holds(texts):
    folds = Folds()
    line = "".join(map(folds.fold, texts))
    assert folds.unfold(line) == "".join(texts)


@pytest.mark.parametrize(
    ("pasted", "shown"),
    [
        ("short", "short"),
        ("two\nlines", "two\nlines"),
        ("x" * 1_000_000, "[pasted 1,000,000 characters]"),
        ("line\n" * 12_344 + "end", "[pasted 12,345 lines]"),
    ],
    ids=["short", "lines", "characters", "many lines"],
)
def test_a_long_paste_is_one_character_and_a_few_words_on_the_screen(pasted, shown):
    folds = Folds()
    line = folds.fold(pasted)
    assert folds.in_short(line) == shown
    assert len(line) == (1 if shown.startswith("[") else len(pasted))


def test_a_pasted_text_cannot_pretend_to_be_another_paste():
    folds = Folds()
    secret = folds.fold("secret\n" * 50)
    assert folds.unfold(folds.fold(f"what is {secret}?")) == f"what is {secret}?"


# Completing.


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("/mod", ["/model "]),
        ("/model qwen3-", ["qwen3-0.6b", "qwen3-1.7b"]),
        ("/load a tr", ["A trip to Rome"]),
        ("/load k4", ["k4bbbbbb"]),
        ("/load tw", ["k5cccccc", "k6"]),
        ("/think o", ["on", "off"]),
        ("/think on o", []),
        ("/system o", []),
        ("model", []),
        ("//mod", []),
        ("/mod\n", []),
    ],
)
def test_commands_models_and_conversations_are_completed_and_texts_are_not(typed, offered):
    assert [each.text for each in candidates(typed, NAMES)] == offered


def test_every_command_is_offered_with_what_it_does():
    offered = {each.text.strip(): each.about for each in candidates("/", NAMES)}
    assert offered == {f"/{each.name}": each.help() for each in COMMANDS}


def test_paths_are_completed_below_folders_and_hidden_ones_on_demand(tmp_path: Path):
    for name in ("notes.md", "notice.txt", ".hidden"):
        (tmp_path / name).touch()
    (tmp_path / "nothing").mkdir()
    typed = f"/export {tmp_path}/no"
    assert [each.text for each in candidates(typed, NAMES)] == [
        "notes.md",
        "nothing/",
        "notice.txt",
    ]
    assert [each.text for each in candidates(f"/export {tmp_path}/.", NAMES)] == [".hidden"]
    assert list(candidates(f"/export {tmp_path}/no/such/", NAMES)) == []


# History.


def recalled(prompts: Prompts) -> list[str]:
    async def load() -> list[str]:
        return [line async for line in prompts.load()]

    return asyncio.run(load())


def test_up_goes_through_this_session_first_and_then_through_what_is_kept():
    prompts = Prompts(Folds())
    prompts.recall(["kept last", "kept first"])
    for line in ("one", "two", "two", " "):
        prompts.remember(line)
    assert recalled(prompts) == ["two", "one", "kept last", "kept first"]
    assert prompts.get_strings() == ["kept first", "kept last", "one", "two"]


# Waiting.


def test_what_waits_is_shown_in_short_and_can_be_taken_back_whole():
    queue = Queue()
    long = "word " * 100
    queue.items += [("one\x1b[31m", "one\x1b[31m"), (long, long), (None, words.leaves_next())]
    first, second, third = queue.shown.split("\n")
    assert (first, third) == ("next: one\\x1b[31m", "next: leave")
    assert second.endswith("…")
    assert queue.taken_back() == ["one\x1b[31m", long]
    assert not queue.items


# The bottom line.


def test_the_bottom_line_shows_what_matters_most_and_no_half_of_a_part():
    decision = Decision(Target.CLOUD, Reason.ASKED, SIGNALS)
    standing = Standing("toy", 4096, 1024, 12.0, decision, is_private=False)
    whole = list(parts(standing))
    assert fitted(whole, 200) == (
        "toy · context 1,024 of 4,096 (25 %) · public · cloud (asked) · 12 tok/s"
    )
    assert fitted(whole, 40) == "toy · context 1,024 of 4,096 (25 %)"
    assert fitted(["模型", "x"], 4) == "模型"
    assert fitted(parts_in_short(standing), 30) == "context 25 % · toy · public"


def test_a_narrow_window_has_the_bottom_line_in_short():
    bottom = Bottom(("toy", "context 1,024 of 4,096", "public"), ("context 25 %", "toy"))
    assert bottom.line(["new"], 60) == "new · toy · context 1,024 of 4,096 · public"
    assert bottom.line(["new"], 35) == "new · toy · context 1,024 of 4,096"
    assert bottom.line(["new"], 30) == "new · context 25 % · toy"


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_a_word(reason):
    decision = Decision(Target.EDGE, reason, SIGNALS, rule="long-prompts")
    *_, word = parts(Standing("m", 1, decision=decision))
    assert word.startswith("device (")
    assert word != "device ()"


# Drafts.


def test_a_draft_is_kept_under_its_talk_and_forgotten_when_it_was_sent(tmp_path: Path):
    database = open_in_memory(tmp_path / "edge.db")
    drafts, key = Drafts(database), [NEW]
    autosave = Autosave(drafts, lambda: key[0])
    autosave.keep(["half"])
    autosave.keep(["half a line"])
    autosave.close()
    assert drafts.get(NEW) == "half a line"
    again = Autosave(drafts, lambda: key[0])
    assert (again.given_back(), again.given_back()) == (("half a line",), ())
    again.keep(["half a line"])
    again.keep([])
    again.close()
    assert drafts.get(NEW) == ""
    database.close()


def test_what_is_typed_while_a_talk_gets_its_name_is_not_given_back_to_who_types(tmp_path: Path):
    database = open_in_memory(tmp_path / "edge.db")
    key = [NEW]
    autosave = Autosave(Drafts(database), lambda: key[0])
    assert autosave.given_back() == ()
    key[0] = Conversations(database).start("toy", "").id
    autosave.keep(["waits for the reply"])
    autosave.close()
    assert autosave.given_back() == ()
    database.close()


@given(st.lists(st.text(min_size=1) | st.just("\x1e"), max_size=4))
def test_several_texts_are_kept_as_one_and_come_back_apart(texts):
    assert apart(as_one(texts)) == tuple(texts)


def test_a_draft_that_goes_along_to_another_talk_stays_in_none_behind_it(tmp_path: Path):
    database = open_in_memory(tmp_path / "edge.db")
    drafts, key = Drafts(database), [NEW]
    talk_id = Conversations(database).start("toy", "").id
    autosave = Autosave(drafts, lambda: key[0])
    autosave.keep(["half a line"])
    key[0] = talk_id
    autosave.keep(["half a line and more"])
    autosave.close()
    assert (drafts.get(NEW), drafts.get(talk_id)) == ("", "half a line and more")
    database.close()


def test_what_was_sent_is_no_draft_while_the_store_does_not_know_it_yet(tmp_path: Path):
    database = open_in_memory(tmp_path / "edge.db")
    drafts, key = Drafts(database), [NEW]
    talk_id = Conversations(database).start("toy", "").id
    drafts.put(NEW, "a prompt, half typed")  # as it was written while it was typed
    autosave = Autosave(drafts, lambda: key[0])
    autosave.keep(["a prompt"])
    autosave.keep([])
    key[0] = talk_id
    assert autosave.given_back() == ()
    autosave.keep(["/new"])
    autosave.keep([])
    key[0] = NEW  # another conversation is begun, at once
    assert autosave.given_back() == ()
    autosave.close()
    assert drafts.get(NEW) == ""
    database.close()


class Moving:
    """The drafts of a talk whose store is another one, once its model is another one."""

    def __init__(self, drafts: Drafts) -> None:
        self.drafts = drafts
        self.tried = threading.Event()

    def get(self, key: str) -> str:
        return self.drafts.get(key)

    def put(self, key: str, text: str) -> None:
        self.tried.set()
        self.drafts.put(key, text)


def test_a_draft_that_a_closing_store_did_not_take_is_kept_in_the_next_one(tmp_path: Path):
    old, new = (open_in_memory(tmp_path / name) for name in ("old.db", "new.db"))
    old.close()
    moving = Moving(Drafts(old))
    autosave = Autosave(moving, lambda: NEW)
    autosave.keep(["half a line"])
    assert moving.tried.wait(10)
    moving.drafts = Drafts(new)
    autosave.close()
    assert Drafts(new).get(NEW) == "half a line"
    new.close()


# Keys.


def test_a_key_that_comes_when_the_ear_is_told_to_leave_is_for_who_reads_next():
    async def act() -> tuple[list[str], list[str]]:
        with create_pipe_input() as keyboard:
            ear = Ear(keyboard)
            first = asyncio.ensure_future(ear.listen())
            await asyncio.sleep(0)
            asyncio.get_running_loop().call_soon(ear.leave)
            keyboard.send_text("abc")  # seen by the loop in the same round
            left = await first
            then = await asyncio.wait_for(ear.listen(), PATIENCE_S)
            return [key.data for key in left], [key.data for key in then]

    assert asyncio.run(act()) == ([], ["a", "b", "c"])


def test_escape_alone_is_heard():
    async def act() -> list[str]:
        with create_pipe_input() as keyboard:
            keyboard.send_text("\x1b")
            return [key.data for key in await asyncio.wait_for(Ear(keyboard).listen(), PATIENCE_S)]

    assert asyncio.run(act()) == ["\x1b"]


class Clumsy:
    """Fails at Enter."""

    def __init__(self) -> None:
        self.failures: list[Exception] = []

    def entered(self) -> None:
        raise LookupError

    def pressed(self, key: object) -> None: ...

    def pasted(self, text: str) -> None: ...

    def failed(self, error: Exception) -> None:
        self.failures.append(error)


@pytest.mark.parametrize("before", [True, False], ids=["before it is open", "while it is open"])
def test_a_key_that_fails_is_told_of_and_typing_goes_on(before):
    async def act() -> tuple[str, list[type[Exception]]]:
        clumsy = Clumsy()
        with create_pipe_input() as keyboard:
            line = Line((keyboard, DummyOutput()), Around(str, str, str), clumsy)
            loop, held = asyncio.get_running_loop(), asyncio.Event()
            line.changed = lambda: held.set() if line.typed == "one more" else None
            pressed = [KeyPress("a"), KeyPress(Keys.Enter)] if before else []
            editing = loop.create_task(line.edit(pressed))
            if not before:
                keyboard.send_text("a\r")
            while not (clumsy.failures or editing.done()):
                await asyncio.sleep(0.01)
            line.clear()
            keyboard.send_text("one more")
            await asyncio.wait_for(held.wait(), PATIENCE_S)
            line.close()
            await editing
            return line.typed, [type(error) for error in clumsy.failures]

    assert asyncio.run(act()) == ("one more", [LookupError])


# The board.


class Paper:
    """A terminal that keeps what was written on it."""

    width = 80

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.open = ""

    def commit(self, lines: Sequence[str]) -> None:
        self.lines += lines
        self.open = ""

    def live(self, line: str) -> None:
        self.open = line

    def ask(self, question: str) -> None:
        self.lines.append(question)


def test_what_comes_while_the_prompt_line_has_the_terminal_waits_and_then_stands_in_order():
    class Held:
        is_open = False

        def step_aside(self) -> None: ...

        def redraw(self) -> None: ...

    async def act() -> Paper:
        paper = Paper()
        board = Board(paper, theme(colours=False))
        board.live("on")
        board.commit(["one"])
        board.lend(Held())
        board.live("tw")
        board.commit(["two", "three"])
        board.live("four")
        assert (paper.lines, paper.open) == (["one"], "")
        board.take_back()
        return paper

    paper = asyncio.run(act())
    assert (paper.lines, paper.open) == (["one", "two", "three"], "four")
