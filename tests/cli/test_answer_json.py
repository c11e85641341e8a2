"""The object `--json` prints, of turns that more than one engine had a part in."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from edge.cli.export.answer import answer_json
from edge.core.decision import Decision, Reason, Signals, Target
from edge.core.event import Attempt, Channel, Done, Span, StopReason, Usage
from edge.core.message import Label
from spending import money

SIGNALS = Signals(0, Label.PUBLIC, cloud_allowed=True, budget_left=money("1E-9"))


def attempt(n: int, target: Target, text: str, cost: str = "", **changed: Any) -> Attempt:
    usage = Usage(10, 4, 5, 0.5, 0.2, 0.25, money(cost) if cost else None)
    spans = (Span(Channel.REASONING, f"({text})"), Span(Channel.ANSWER, text))
    decision = Decision(target, Reason.DEFAULT, SIGNALS)
    made = Attempt(n, decision, f"by-{target}", StopReason.END, usage, None, spans)
    return replace(made, **changed)


def told(*attempts: Attempt) -> dict[str, Any]:
    session: Any = SimpleNamespace(conversation_id="c", turns=[SimpleNamespace(id="t")])
    found: dict[str, Any] = json.loads(answer_json(session, Done(StopReason.END, attempts)))
    return found


def test_what_nobody_read_is_no_part_of_the_answer_but_of_what_it_took():
    found = told(
        attempt(1, Target.EDGE, "weak", shown=False), attempt(2, Target.CLOUD, "good", "0.25")
    )
    assert (found["text"], found["reasoning"]) == ("good", "(good)")
    assert (found["target"], found["model"], found["switched"]) == ("cloud", "by-cloud", True)
    assert [each["shown"] for each in found["attempts"]] == [False, True]
    assert found["usage"]["prompt_tokens"] == 20


def test_an_answer_held_back_and_shown_after_all_is_by_who_wrote_it():
    found = told(attempt(1, Target.EDGE, "mine"), attempt(2, Target.CLOUD, "", shown=False))
    assert (found["text"], found["target"], found["model"]) == ("mine", "edge", "by-edge")


def test_costs_are_summed_exactly_and_never_guessed():
    twice = told(attempt(1, Target.CLOUD, "a", "0.1"), attempt(2, Target.CLOUD, "b", "0.2"))
    assert twice["cost"] == {"amount": "0.3", "currency": "CNY"}
    assert told(attempt(1, Target.CLOUD, "a", "0.1"), attempt(2, Target.CLOUD, "b"))["cost"] is None
    assert told(attempt(1, Target.EDGE, "a"))["cost"] is None
    assert twice["decision"]["signals"]["budget_left"]["amount"] == "0.000000001"
