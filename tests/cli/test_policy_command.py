"""`edge policy`: written, shown, checked, edited, tried, tested and replayed."""

from __future__ import annotations

import json
import stat
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edge.cli.main import ending
from edge.cli.policy.command import app
from edge.cli.policy.tests import no_network
from edge.core.conversation import Outcome
from edge.core.decision import Decision, Signals, Target
from edge.core.event import Attempt, StopReason, Usage
from edge.core.message import Label, Message, Role
from edge.routing.policy import Policy, decide
from edge.routing.policy_file import BUILT_IN, built_in, policy_text
from edge.settings.folders import Folders
from edge.store.conversations import Conversations
from edge.store.database import open_database
from edge.store.policies import Policies

NOBODY_IS_ASKED = {"VISUAL": "", "EDITOR": ""}


class Ran:
    """How a command ended; errors as the command line tells them."""

    def __init__(self, *args: str, **environ: str) -> None:
        done = CliRunner().invoke(app, args, env={**NOBODY_IS_ASKED, **environ})
        self.out, self.code, self.err = done.stdout, done.exit_code, done.stderr
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            self.err, self.code = ending(done.exception)


@pytest.fixture
def own(edge_home: Path) -> Path:
    return edge_home / "policy.toml"


def write_cases(folder: Path, body: str) -> str:
    path = folder / "cases.toml"
    path.write_text(f"schema_version = 1\n{body}", "utf-8")
    return str(path)


# A policy of one's own.


@pytest.mark.parametrize("name", BUILT_IN)
def test_init_writes_a_policy_that_can_be_used_and_nobody_else_reads(own, name):
    ran = Ran("init", name)
    assert (ran.code, ran.out) == (0, "")
    assert own.read_text("utf-8") == policy_text(name)
    assert stat.S_IMODE(own.stat().st_mode) == 0o600
    assert Ran("check").out.startswith(f"{own}: policy {name}")


def test_init_replaces_nothing_unless_forced(own):
    Ran("init", "balanced")
    ran = Ran("init", "cloud-first")
    assert ran.code == 2
    assert "--force" in ran.err
    assert 'name = "balanced"' in own.read_text("utf-8")
    assert Ran("init", "cloud-first", "--force").code == 0
    assert 'name = "cloud-first"' in own.read_text("utf-8")


def test_show_tells_the_policy_in_force_and_where_it_is_from(own):
    assert Ran("show").out == policy_text("edge-first")
    Ran("init", "balanced")
    document = json.loads(Ran("show", "--json").out)
    assert (document["name"], document["origin"]) == ("balanced", str(own))
    assert document["hash"] == built_in("balanced").text_hash
    assert Ran("show", "offline").out == policy_text("offline")


def test_check_names_file_line_and_advice(own, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(policy_text("edge-first").replace("edge_wait_s", "edge_wiat_s"), "utf-8")
    line = path.read_text("utf-8").splitlines().index("when = { edge_wiat_s = { above = 30 } }")
    ran = Ran("check", str(path))
    assert ran.code == 2
    assert f"{path}:{line + 1}: there is no signal 'edge_wiat_s'; try: edge_wait_s" in ran.err


def editor(folder: Path, old: str, new: str) -> str:
    """A program that edits as a person would."""
    script = folder / "editor.py"
    script.write_text(
        "import sys, pathlib\n"
        "path = pathlib.Path(sys.argv[1])\n"
        f"path.write_text(path.read_text('utf-8').replace({old!r}, {new!r}), 'utf-8')\n"
    )
    return f"{sys.executable} {script}"


def test_an_edit_counts_once_it_can_be_used(own, tmp_path):
    Ran("init", "edge-first")
    broken = Ran("edit", EDITOR=editor(tmp_path, "above = 30", "abov = 20"))
    assert broken.code == 2
    assert "policy.draft.toml" in broken.err
    assert own.read_text("utf-8") == policy_text("edge-first")
    mended = Ran("edit", EDITOR=editor(tmp_path, "abov = 20", "above = 20"))
    assert mended.code == 0
    assert "above = 20" in own.read_text("utf-8")
    assert [path.name for path in own.parent.glob("policy*")] == ["policy.toml"]


def test_an_editor_that_fails_changes_nothing(own):
    Ran("init")
    for editor_named in ("no-such-editor-anywhere", "false"):
        assert Ran("edit", EDITOR=editor_named).code == 2
    assert own.read_text("utf-8") == policy_text("edge-first")


# Tried.


def test_a_try_tells_target_reason_and_what_would_change_it():
    ran = Ran("try", "What is a prime number?", "--signal", "edge_wait_s=40")
    assert ran.code == 0
    assert "The cloud answers: rule far-too-slow-to-begin holds." in ran.out
    assert "the device if wait for the device were 10.00 s lower" in ran.out
    assert "nothing was sent" in ran.err


def test_a_try_decides_as_a_turn_would():
    ran = Ran("try", "hi", "--policy", "cloud-first", "--json")
    document = json.loads(ran.out)
    assert (document["target"], document["reason"]) == ("cloud", "default")
    assert document["policy_hash"] == built_in("cloud-first").text_hash


def test_a_private_prompt_stays_and_is_not_repeated():
    prompt = "my mail is jane.doe@example.com, write to me"
    ran = Ran("try", prompt, "--policy", "cloud-first")
    assert "The device answers: it is private." in ran.out
    assert "It would have gone to the cloud" in ran.out
    assert "jane" not in ran.out + ran.err


def test_a_try_that_cannot_be_decided_is_refused():
    assert Ran("try", "hi", "--signal", "edge_wait=3").code == 2
    assert Ran("try", "hi", "--policy", "balancd").code == 2


# Tested.


def test_cases_that_hold_end_with_zero_and_a_missed_one_with_one(tmp_path):
    met = "[[cases]]\nname = 'short'\nprompt = 'hi'\nexpect.target = 'edge'\n"
    ran = Ran("test", write_cases(tmp_path, met))
    assert ran.code == 0
    assert ran.out.splitlines()[1].split("\t") == ["short", "yes", "edge", "default", ""]
    assert "1 of 1 cases hold under policy edge-first; nothing was sent" in ran.err
    missed = met + "[[cases]]\nname = 'odd'\nprompt = 'hi'\nexpect.target = 'cloud'\n"
    ran = Ran("test", write_cases(tmp_path, missed))
    assert ran.code == 1
    assert "target is edge, not cloud" in ran.out
    document = json.loads(Ran("test", write_cases(tmp_path, missed), "--json").out)
    assert document["holds"] is False
    assert [case["holds"] for case in document["cases"]] == [True, False]


def test_cases_name_their_policy_and_a_flag_overrules_it(tmp_path):
    body = "policy = 'cloud-first'\n[[cases]]\nname = 'a'\nprompt = 'hi'\nexpect.target = 'cloud'\n"
    assert Ran("test", write_cases(tmp_path, body)).code == 0
    assert Ran("test", write_cases(tmp_path, body), "--policy", "offline").code == 1


def test_cases_that_cannot_be_read_end_with_two(tmp_path):
    assert Ran("test", str(tmp_path / "missing.toml")).code == 2
    assert Ran("test", write_cases(tmp_path, "cases = 3\n")).code == 2


def test_no_socket_opens_while_cases_run():
    import socket

    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        address = server.getsockname()
        with no_network():
            with pytest.raises(PermissionError):
                socket.create_connection(address)
            with pytest.raises(PermissionError):
                socket.getaddrinfo("localhost", 80)
        socket.create_connection(address).close()


# Replayed.

FREE = Signals(0, Label.PUBLIC, cloud_allowed=True, edge_wait_s=40.0, context_free_tokens=100)
USAGE = Usage(10, 0, 5, 0.1, 0.1, 0.5)


def store_turns(folders: Folders, decisions: list[Decision], policies: list[Policy]) -> None:
    database = open_database(folders.store)
    try:
        for policy in policies:
            Policies(database).keep(policy.text_hash, policy.name, policy.text)
        conversations = Conversations(database)
        talk = conversations.start("toy", "", label=Label.PUBLIC)
        parent = None
        for decision in decisions:
            turn = conversations.begin_turn(talk.id, parent, Message(Role.USER, "hi", Label.PUBLIC))
            attempt = Attempt(1, decision, "toy", StopReason.END, USAGE, None, ())
            conversations.end_turn(turn.id, (attempt,), Outcome.FINISHED)
            parent = turn.id
    finally:
        database.close()


@pytest.fixture
def decisions() -> list[Decision]:
    policies = [built_in(name) for name in BUILT_IN]
    waits = (0.1, 1 / 3, 12.7, 40.0)
    return [
        decide(replace(FREE, edge_wait_s=wait_s, cloud_wait_s=wait_s / 7), policy)
        for policy in policies
        for wait_s in waits
    ]


def test_every_stored_decision_is_reproduced_bit_for_bit(edge_home, decisions):
    old = replace(decisions[0], policy="", policy_hash="")
    store_turns(Folders.below(edge_home), [*decisions, old], [built_in(n) for n in BUILT_IN])
    ran = Ran("replay")
    assert (ran.code, ran.out) == (0, "")
    assert "20 of 20 decisions are reproduced bit for bit; 1 are from before" in ran.err


def test_a_decision_that_comes_out_otherwise_is_shown_and_ends_with_one(edge_home, decisions):
    turned = replace(decisions[0], target=Target.CLOUD)
    store_turns(Folders.below(edge_home), [turned], [built_in("offline")])
    ran = Ran("replay", "--json")
    assert ran.code == 1
    (row,) = json.loads(ran.out)["changed"]
    assert (row["was"]["target"], row["now"]["target"]) == ("cloud", "edge")


def test_a_decision_whose_policy_is_gone_is_not_called_reproduced(edge_home, decisions):
    gone = replace(decisions[0], policy="mine", policy_hash="0" * 64)
    store_turns(Folders.below(edge_home), [gone], [])
    ran = Ran("replay")
    assert ran.code == 1
    assert "its policy is not kept" in ran.out


def test_another_policy_shows_what_would_have_gone_elsewhere(edge_home, decisions):
    store_turns(Folders.below(edge_home), decisions, [])
    ran = Ran("replay", "offline", "--json")
    assert ran.code == 0
    moved = json.loads(ran.out)["changed"]
    assert len(moved) == sum(d.target is Target.CLOUD for d in decisions)
    assert {row["now"]["target"] for row in moved} == {"edge"}
    newest = json.loads(Ran("replay", "cloud-first", "--last", "4", "--json").out)
    assert newest["decisions"] == 4
