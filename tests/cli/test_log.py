"""`edge log`: the conversations that are kept, listed, shown, searched, exported and renamed."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from edge.cli.main import run
from edge.core.conversation import Conversation, Outcome
from edge.settings.folders import Folders
from edge.store.conversations import Conversations
from edge.store.database import Database, open_database
from shell import edge
from talks import attempt, keep, talk, turn
from terminal import at_terminal

NASTY = "red \x1b[31m and \u202eback"


@pytest.fixture
def database(edge_home: Path) -> Iterator[Database]:
    with closing(open_database(Folders.below(edge_home).store)) as database:
        yield database


@pytest.fixture
def kept(database: Database) -> Conversations:
    return Conversations(database)


@pytest.fixture
def bees(kept: Conversations) -> Conversation:
    first = turn("Why do bees hum?", attempt("They beat their wings.", reasoning="hm"), id="a")
    second = turn("用一句话解释什么是递归", "递归是调用自身。", id="b", parent_id="a", pinned=True)
    return keep(kept, talk(first, second, title="On bees", system="be terse"))


@pytest.fixture
def forked(kept: Conversations, bees: Conversation) -> Conversation:
    """The bees, and another branch from their first turn, which the talk is at."""
    other = kept.begin_turn(bees.id, bees.turns[0].id, turn("And wasps?").prompt)
    kept.end_turn(other.id, [attempt("They, too")], Outcome.STOPPED)
    return kept.get(bees.id)


@pytest.fixture
def log(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Runs `edge log`, which ends well, and says what it printed."""

    def log(*args: str) -> str:
        capsys.readouterr()
        code = run(["log", *args])
        said = capsys.readouterr()
        assert code == 0, said.err
        return said.out

    return log


def failing(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, str]:
    """How `edge log` fails: its exit code and what it says of it."""
    code = run(["log", *args])
    return code, capsys.readouterr().err


# The list.


def test_where_nothing_is_kept_it_says_so_and_makes_nothing(edge_home, log):
    assert log() == "no conversation is kept yet; to begin one: edge chat\n"
    assert json.loads(log("--json")) == {"schema_version": 1, "conversations": []}
    assert not edge_home.exists()


def test_alone_it_lists_what_was_used_last_first(kept, bees, log):
    other = keep(kept, talk(turn("hello\tthere\x1b")))
    lines = [line.split("\t") for line in log().splitlines()]
    assert lines[0] == ["ID", "LAST USED", "TURNS", "MODEL", "TITLE"]
    assert [(line[0], *line[2:]) for line in lines[1:]] == [
        (other.id, "1", "toy", "hello there\\x1b"),
        (bees.id, "2", "toy", "On bees"),
    ]
    assert log("list") == log()


def test_a_limit_takes_the_newest_and_says_that_there_are_more(kept, bees, capsys):
    other = keep(kept, talk(turn("hello")))
    assert run(["log", "--limit", "1"]) == 0
    said = capsys.readouterr()
    assert other.id in said.out
    assert bees.id not in said.out
    assert said.err == "there are more: edge log list --limit 2\n"
    assert run(["log", "list", "--limit", "2"]) == 0
    assert capsys.readouterr().err == ""


def test_the_list_as_json_has_every_column(bees, log):
    (entry,) = json.loads(log("list", "--json"))["conversations"]
    last = entry.pop("last_at_utc")
    assert last.endswith("Z")
    assert entry == {
        "id": bees.id, "title": "On bees", "model": "toy", "opening": "Why do bees hum?",
        "n_turns": 2,
    }  # fmt: skip


def test_on_a_narrow_terminal_every_line_of_the_list_fits(bees):
    with at_terminal("log", COLUMNS="40") as screen:
        assert screen.wait_end() == 0
    lines = screen.text.splitlines()
    assert lines[0].startswith(f"{bees.id}  2")
    assert lines[1] == "  On bees"
    assert max(map(len, lines)) <= 40


# One conversation.


def test_a_conversation_is_shown_by_its_id_its_title_or_the_start_of_one(bees, log):
    shown = log("show", bees.id)
    assert shown == log("show", "on BEES") == log("show", bees.id[:4]) == log("show", "On b")
    lines = shown.splitlines()
    assert lines[0] == "On bees"
    assert lines[1].startswith(f"{bees.id} · toy · ")
    assert lines[1].endswith(" · 2 turns")
    assert lines[3:5] == ["System prompt", "be terse"]
    assert lines[6].startswith(f"{bees.turns[0].id} · ")
    assert lines[7:11] == [
        "> Why do bees hum?", "", "(thought first, 2 characters)", "They beat their wings.",
    ]  # fmt: skip
    assert lines[12].endswith(" · pinned")
    assert lines[13:] == ["> 用一句话解释什么是递归", "", "递归是调用自身。"]


def test_on_a_terminal_replies_are_drawn_as_the_markdown_they_are(kept):
    made = keep(kept, talk(turn("a list?", "**Two** things:\n\n```py\nx = 1\n```\n- 甲")))
    with at_terminal("log", "show", made.id) as screen:
        assert screen.wait_end() == 0
    assert "\x1b[1mTwo\x1b[m things:" in screen.raw
    assert "• 甲" in screen.text
    assert "```" not in screen.text


def test_another_branch_is_told_of_and_shown_when_asked_for(forked, capsys, log):
    assert run(["log", "show", forked.id]) == 0
    said = capsys.readouterr()
    assert "递归" not in said.out
    assert said.out.endswith("They, too\n(stopped; the reply is not whole)\n")
    assert said.err == f"1 other branch is kept: edge log show {forked.id} --all-branches\n"
    every = log("show", forked.id, "--all-branches")
    assert "递归是调用自身。" in every
    assert "on another branch" in every
    assert f"follows {forked.turns[0].id}" in every


def test_json_shows_the_branch_or_all_of_them(forked, log):
    branch = json.loads(log("show", forked.id, "--json"))
    assert [each["id"] for each in branch["turns"]] == [each.id for each in forked.turns]
    every = json.loads(log("show", forked.id, "--json", "--all-branches"))
    assert len(every["turns"]) == 3
    assert every["branch"] == branch["branch"]


def test_what_was_said_does_not_steer_the_terminal_it_is_shown_on(kept, log):
    made = keep(kept, talk(turn(NASTY, NASTY), title=NASTY, system=NASTY))
    for said in (log(), log("show", made.id), log("search", "red"), log("list", "--json")):
        assert "\x1b" not in said
        assert "\u202e" not in said


def test_a_name_nobody_has_is_an_error_that_says_what_there_is(bees, capsys):
    code, said = failing(capsys, "show", "wasps")
    assert code == 2
    assert said == f"edge: there is no conversation 'wasps'; try: {bees.id}\n"


# The search.


def test_words_are_found_wherever_they_were_said(bees, log):
    lines = [line.split("\t") for line in log("search", "HUM", "bee").splitlines()]
    assert lines[0] == ["ID", "TURN", "TIME", "ROLE", "TITLE", "TEXT"]
    (found,) = lines[1:]
    assert (found[0], found[1]) == (bees.id, bees.turns[0].id)
    assert found[3:] == ["user", "On bees", "Why do bees hum?"]


def test_chinese_is_found_and_json_says_where(bees, log):
    hits = json.loads(log("search", "调用", "--json"))["hits"]
    assert [(hit["turn_id"], hit["role"]) for hit in hits] == [(bees.turns[1].id, "assistant")]
    ((start, end),) = hits[0]["found"]
    assert hits[0]["snippet"][start:end] == "调用"


def test_what_was_only_thought_or_is_nowhere_has_an_exit_code_of_its_own(bees, capsys):
    for word in ("hm", "nowhere"):
        assert run(["log", "search", word]) == 3
        out, err = capsys.readouterr()
        assert out == ""
        assert err == f"edge: nothing was found for '{word}'; try: only how the word begins\n"


def test_json_of_nothing_found_is_whole_and_has_that_exit_code_too(edge_home, capsys):
    assert run(["log", "search", "bees", "wasps", "--json"]) == 3
    out, err = capsys.readouterr()
    assert json.loads(out)["hits"] == []
    assert "fewer words" in err
    assert not edge_home.exists()


def test_what_was_found_is_coloured_on_a_terminal_unless_that_is_not_wanted(bees):
    with at_terminal("log", "search", "wings") as screen:
        assert screen.wait_end() == 0
    assert "\x1b[1;35mwings\x1b[m" in screen.raw
    with at_terminal("log", "search", "wings", NO_COLOR="1") as screen:
        assert screen.wait_end() == 0
    assert "\x1b" not in screen.raw


# Exports.


def test_an_export_goes_to_standard_output_as_utf_8_whatever_the_locale(bees):
    done = edge("log", "export", bees.id, PYTHONIOENCODING="latin-1")
    assert (done.code, done.err) == (0, "")
    assert "递归是调用自身。" in done.out


@pytest.mark.parametrize(
    ("args", "begins"),
    [
        (["-o", "talk.html"], "<!doctype html>"),
        (["-o", "talk.JSON"], "{"),
        (["-o", "talk.txt"], "# On bees"),
        (["-o", "talk.html", "--format", "md"], "# On bees"),
    ],
)
def test_a_file_is_written_in_its_own_format_for_its_owner_alone(bees, tmp_path, args, begins):
    os.chdir(tmp_path)
    assert run(["log", "export", "On bees", *args]) == 0
    path = tmp_path / args[1]
    assert path.read_text("utf-8").startswith(begins)
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_there_is_overwritten_only_when_told(bees, tmp_path, capsys):
    path = tmp_path / "talk.md"
    path.write_text("mine")
    code, said = failing(capsys, "export", bees.id, "-o", str(path))
    assert (code, path.read_text()) == (2, "mine")
    assert "is there already; try: another name, or --force" in said
    assert run(["log", "export", bees.id, "-o", str(path), "--force"]) == 0
    assert path.read_text("utf-8").startswith("# On bees")


def test_what_cannot_be_written_is_said_in_one_line(bees, tmp_path, capsys):
    code, said = failing(capsys, "export", bees.id, "-o", str(tmp_path / "no" / "talk.md"))
    assert (code, said.count("\n")) == (2, 1)
    assert "talk.md': No such file or directory; try: -o with another file" in said
    code, said = failing(capsys, "export", bees.id, "-o", str(tmp_path), "--force")
    assert (code, tmp_path.is_dir()) == (2, True)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_full_disk_has_its_own_exit_code(bees, capsys):
    code, said = failing(capsys, "export", bees.id, "-o", "/dev/full", "--force")
    assert code == 12
    assert "no room on the disk" in said
    assert Path("/dev/full").exists()


def test_a_format_there_is_none_of_is_refused(bees, capsys):
    code, said = failing(capsys, "export", bees.id, "--format", "pdf")
    assert code == 2
    assert "there is no format 'pdf'; there are md, json, html" in said


def test_an_export_as_json_holds_every_branch(forked, log):
    told = json.loads(log("export", forked.id, "--format", "json"))
    assert len(told["turns"]) == 3
    assert told["turns"][0]["id"] == told["turns"][1]["parent_id"]


# Titles.


def test_a_conversation_is_found_by_its_new_title_and_a_model_keeps_its_hands_off(kept, bees, log):
    assert run(["log", "rename", "On bees", "About", "hum"]) == 0
    kept.set_title(bees.id, "by a model", by_user=False)
    assert log("show", "About hum").splitlines()[0] == "About hum"


def test_an_empty_title_takes_it_away(bees, capsys, log):
    assert run(["log", "rename", bees.id, ""]) == 0
    assert capsys.readouterr().err == f"{bees.id} has no title any more\n"
    assert log("show", bees.id).splitlines()[0] == "Why do bees hum?"
