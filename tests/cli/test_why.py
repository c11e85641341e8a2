"""`edge why`: who answered a stored turn, why, and what left the machine; never a word of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from edge.cli.main import run
from edge.cli.why.reasons import account_of
from edge.cli.words.why import told
from edge.core.cloud import Reservation
from edge.core.conversation import Outcome, Turn
from edge.core.decision import Capability, Decision, LinkState, Reason, Signals, Target
from edge.core.event import Attempt, Channel, Span, StopReason, Usage
from edge.core.message import Label, Message, Role
from edge.routing.policy import Policy, decide
from edge.routing.policy_file import BUILT_IN, built_in, load_policy
from edge.settings.folders import Folders
from edge.store.conversations import Conversations
from edge.store.database import Database, open_database
from edge.store.ledger import Ledger
from edge.store.policies import Policies
from edge.store.sent import Send, SendBook
from shell import Ran
from spending import NOON, money, reserve, sent

SECRET = "xylophagous"
OWN = """\
schema_version = 1
name = "own"
default = "edge"
[[rules]]
name = "long-prompt"
target = "cloud"
when = { new_tokens = { above = 2000 } }
"""
PLAIN = Signals(
    0,
    Label.PUBLIC,
    cloud_allowed=True,
    context_free_tokens=3000,
    cloud_free_tokens=90_000,
    new_tokens=71,
    prompt_tokens=71,
    cloud_cost=money("0.004"),
    edge_wait_s=2.0,
    edge_tps=10.0,
)
FULL = replace(
    PLAIN,
    reply_tokens=1024,
    language="zh",
    capability=Capability.JSON,
    difficulty=0.42,
    previous=Target.CLOUD,
    edge_wait_s=12.345,
    cloud_wait_s=1.234,
    cloud_tps=43.21,
    on_battery=True,
    battery_percent=14,
    hot=True,
    load=0.75,
    cloud_link=LinkState.UP,
    budget_left=money("1.999892"),
    new_tokens=123_456,
    prompt_tokens=123_999,
)


@dataclass
class Kept:
    """The store a command is asked about, to be filled."""

    database: Database

    def turn(self, *decisions: Decision, label: Label = Label.PUBLIC) -> Turn:
        """A turn of a conversation of its own, answered as decided."""
        talks = Conversations(self.database)
        talk = talks.start("tiny", "", label)
        turn = talks.begin_turn(talk.id, None, Message(Role.USER, f"a {SECRET} word", label))
        attempts = [attempt(n, each) for n, each in enumerate(decisions, 1)]
        talks.end_turn(turn.id, attempts, Outcome.FINISHED, label)
        return talks.find_turn(turn.id)

    def send(self, *turn_ids: str) -> None:
        """What was told of these turns to answer the last of them."""
        ledger = Ledger(self.database, lambda: "2026-11-21T12:00:00.000Z")
        reservation = reserve(ledger, "0.004", turn=turn_ids[-1])
        SendBook(self.database, lambda: "2026-11-21T12:00:01.000Z").sending(
            sent(reservation, *turn_ids, n_bytes=8123)
        )
        ledger.settle(reservation, money("0.0011"))


def attempt(n: int, decision: Decision) -> Attempt:
    by_cloud = decision.target is Target.CLOUD
    usage = Usage(80, 60, 100, 0.5, 0.2, 0.7, money("0.0011") if by_cloud else None)
    spans = (Span(Channel.ANSWER, f"{SECRET}, indeed"),)
    model = "qwen-plus" if by_cloud else "tiny"
    return Attempt(n, decision, model, StopReason.END, usage, None, spans)


@pytest.fixture
def kept(edge_home: Path) -> Iterator[Kept]:
    folders = Folders.below(edge_home)
    database = open_database(folders.store)
    yield Kept(database)
    database.close()


@pytest.fixture
def own(kept: Kept) -> Policy:
    """A policy of the user's own, that decided something."""
    policy = load_policy(OWN, "own.toml")
    Policies(kept.database).keep(policy.text_hash, policy.name, policy.text)
    return policy


@pytest.fixture
def why(capsys):
    """`edge why`, in this process."""
    return lambda *args: Ran(run(["why", *args]), *capsys.readouterr())


def test_the_last_turn_is_told_and_others_by_the_start_of_their_id(kept, own, why):
    first, last = (kept.turn(decide(PLAIN, own)) for _ in range(2))
    assert why().out.startswith(f"turn {last.id}, ")
    assert why(first.id[:6]).out.startswith(f"turn {first.id}, ")


def test_the_reason_the_nearest_flip_the_cost_and_the_other_side_are_told(kept, own, why):
    kept.turn(decide(PLAIN, own))
    said = why().out
    assert "The device answers: no rule or score says otherwise.\n" in said
    # Above 2000 is 2001, and that is 1930 more than 71.
    assert "  the cloud if new to the device were 1,930 tokens higher\n" in said
    assert "in the cloud at most 0.004 CNY; expected after 2.0 s.\n" in said
    assert said.endswith("Nothing left this machine.\n")


@pytest.mark.parametrize("name", ["own", "balanced"])
def test_a_rule_is_explained_by_the_policy_of_that_time(kept, why, name):
    """Also where a policy of that name is built in, and says something else today."""
    policy = load_policy(OWN.replace('"own"', f'"{name}"'), "own.toml")
    Policies(kept.database).keep(policy.text_hash, policy.name, policy.text)
    kept.turn(decide(replace(PLAIN, new_tokens=2001), policy))
    said = why().out
    assert "The cloud answers: rule long-prompt holds.\n" in said
    assert "new to the device: 2,001 tokens" in said
    assert f"Policy {name}, {policy.text_hash[:12]}.\n" in said


def test_a_policy_that_is_gone_is_named_and_no_other_speaks_for_it(kept, why):
    gone = load_policy(OWN.replace("2000", "3000"), "gone.toml")
    kept.turn(decide(replace(PLAIN, new_tokens=3001), gone))
    said = why().out
    assert "The cloud answers: rule long-prompt holds.\n" in said
    assert f"Policy own {gone.text_hash[:12]} is gone, so no more can be said.\n" in said
    assert " if " not in said
    assert json.loads(why("--json").out)["attempts"][0]["explanation"] is None


def test_what_left_is_told_with_time_host_bytes_hash_and_cost(kept, own, why):
    turn = kept.turn(decide(replace(PLAIN, new_tokens=2001), own))
    kept.send(turn.id)
    assert why().out.splitlines()[-1] == (
        "Left this machine: 2026-11-21T12:00:01.000Z to dashscope.aliyuncs.com (qwen-plus), "
        "8,123 bytes, SHA-256 abababababababab…, 0.0011 CNY."
    )


def test_words_that_left_with_a_later_turn_are_not_passed_over(kept, own, why):
    first, later = (kept.turn(decide(PLAIN, own)) for _ in range(2))
    kept.send(first.id, later.id)
    *_, nothing, again = why(first.id).out.splitlines()
    assert nothing == "Nothing left this machine for it."
    assert again.startswith("Its words left again once with later turns, first: 2026-11-21T12:00")
    told = json.loads(why(first.id, "--json").out)
    assert (told["sends"], len(told["sends_of_later_turns"])) == ([], 1)


def test_two_engines_of_one_turn_are_told_one_after_the_other(kept, own, why):
    cut = replace(PLAIN, cloud_fault="broken", wanted=Target.CLOUD)
    kept.turn(decide(replace(PLAIN, wanted=Target.CLOUD), own), decide(cut, own))
    lines = why().out.splitlines()
    assert lines.index("1 of 2: end") < lines.index("The cloud answers: you asked for it.")
    after = lines[lines.index("2 of 2: end") :]
    assert "The device answers: the cloud failed in this turn." in after


def test_a_cloud_that_was_insisted_on_and_refused_is_not_told_as_an_answer(kept, why):
    decision = decide(
        replace(PLAIN, label=Label.PRIVATE, wanted=Target.CLOUD), built_in("balanced")
    )
    turn = kept.turn(decision)
    refused = replace(turn, attempts=(replace(turn.attempts[0], model="", spans=()),))
    said = told(account_of(refused, kept.database))
    assert "Nobody answered: the cloud was asked for, and it is private.\n" in said
    assert "answers:" not in said


def test_json_holds_every_signal_and_exact_money(kept, own, why):
    turn = kept.turn(decide(PLAIN, own))
    kept.send(turn.id)
    found = json.loads(why("--json").out)
    (one,), (left,) = found["attempts"], found["sends"]
    assert (found["turn_id"], one["target"], one["reason"]) == (turn.id, "edge", "default")
    assert one["signals"]["new_tokens"] == 71
    assert one["otherwise"] == {
        "target": "cloud",
        "seconds": None,
        "most": {"amount": "0.004", "currency": "CNY"},
        "too_long": False,
    }
    assert one["explanation"]["flips"][0]["change"] == 1930
    assert (left["n_bytes"], left["sha256"]) == (8123, "ab" * 32)
    assert left["cost"] == {"amount": "0.0011", "currency": "CNY"}


@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_no_word_of_prompt_or_reply_is_in_it(kept, own, why, flags):
    kept.turn(decide(PLAIN, own), decide(replace(FULL, edge_fault="E-ENGINE-DIED"), own))
    ran = why(*flags)
    assert ran.code == 0
    assert SECRET not in ran.out + ran.err


@pytest.mark.parametrize("name", BUILT_IN)
@pytest.mark.parametrize("label", Label)
def test_a_decision_takes_a_kibibyte_at_most(name, label):
    policy = built_in(name)
    weak = {"edge_confidence": -3.21, "edge_checks": ("unfinished", "repeating", "broken JSON")}
    prompt = Message(Role.USER, "hi", label)
    left = Send(NOON, sent(Reservation(1, "k3j9x2mq", money("0.0040123")), n_bytes=8_123_456), None)
    for signals in (FULL, replace(FULL, context_free_tokens=-123_456), replace(FULL, **weak)):
        decision = decide(replace(signals, label=label), policy)
        turn = Turn("k3j9x2mq", None, prompt, (attempt(1, decision),), NOON, Outcome.FINISHED)
        account = replace(account_of(turn, None), sends=(left,), retold=(left,))
        assert len(told(account).encode()) <= 1024


def test_a_turn_without_a_store_is_told_from_itself(kept):
    turn = kept.turn(decide(PLAIN, built_in("edge-first")))
    assert "Policy edge-first, " in told(account_of(turn, None))


def test_where_nothing_was_kept_or_no_turn_is_called_so_there_is_one_line(edge_home, why):
    ran = why()
    assert (ran.code, ran.err) == (2, "edge: no turn has been kept yet; try: edge chat\n")
    assert not edge_home.exists()
    store = open_database(Folders.below(edge_home).store)
    Kept(store).turn(decide(PLAIN, built_in("edge-first")))
    store.close()
    assert why("!").code == 2
    assert why("\udcff").err.startswith("edge: the id is not UTF-8 text at character 0")


def test_old_turns_from_before_policies_were_kept_have_their_reason(kept, why):
    kept.turn(Decision(Target.EDGE, Reason.CLOUD_OFF, Signals(0, Label.PRIVATE, False)))
    assert "The device answers: the cloud is turned off.\n" in why().out
