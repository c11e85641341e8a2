"""What a policy is expected to decide, as a file of cases, and whether it does (pure).

A case is a prompt that is measured as a turn would be, or signals, or both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from edge.core.decision import Decision, LinkState, Reason, Signals, Target
from edge.core.errors import UsageError
from edge.core.message import Label
from edge.core.say import noted, say
from edge.routing.facts import MAY_BE_UNKNOWN, MEASURED, Kind, spelled
from edge.routing.policy import Policy, decide
from edge.routing.policy_parts import read_money
from edge.routing.signals import Room, with_prompt
from edge.routing.toml_text import Node, near, parse

SCHEMA_VERSION = 1
UNKNOWN = "unknown"
EXPECTED = ("target", "reason", "rule", "label", "asks")

# A public first turn, with a cloud that could be asked: so it is the policy that is tried.
ASSUMED = Signals(0, Label.PUBLIC, cloud_allowed=True, cloud_link=LinkState.UP)
ROOM = Room(edge_tokens=4096, cloud_tokens=131_072, reply_tokens=1024)

Labelled = Callable[[str, Label], Label]


@dataclass(frozen=True, slots=True)
class Case:
    """One expectation. `signals` are set after a prompt was measured."""

    name: str
    prompt: str | None
    signals: Mapping[str, Any]
    expected: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Cases:
    """A file of them; `policy` None: whichever is in force."""

    policy: str | None
    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True)
class Checked:
    """A case with what was decided; `missed` are the expectations that were not met."""

    case: Case
    decision: Decision
    missed: Mapping[str, Any]


def tried(prompt: str | None, given: Mapping[str, Any], label_of: Labelled) -> Signals:
    """The signals of a prompt where nothing else is known; those given come last.

    Detectors may raise the label given, and nothing lowers it.
    """
    signals = replace(ASSUMED, **{"label": given.get("label", ASSUMED.label)})
    if prompt is not None:
        signals = with_prompt(signals, prompt, ROOM)
        signals = replace(signals, label=label_of(prompt, signals.label))
    return replace(signals, **{name: v for name, v in given.items() if name != "label"})


def check(case: Case, policy: Policy, label_of: Labelled) -> Checked:
    """Decide a case and hold it against what was expected."""
    decision = decide(tried(case.prompt, case.signals, label_of), policy)
    got = {name: spelled(_seen(decision, name)) for name in case.expected}
    missed = {name: got[name] for name, wanted in case.expected.items() if got[name] != wanted}
    return Checked(case, decision, missed)


def _seen(decision: Decision, name: str) -> Any:
    return decision.signals.label if name == "label" else getattr(decision, name)


def load_cases(text: str, source: str) -> Cases:
    """The cases of a TOML text; raises UsageError with the line that cannot be used."""
    node = parse(text, source)
    node.known(("schema_version", "policy", "signals", "cases"))
    if node.at("schema_version").value != SCHEMA_VERSION:
        raise node.at("schema_version").must_be(str(SCHEMA_VERSION), str(SCHEMA_VERSION))
    shared = _read_signals(node)
    cases = tuple(_read_case(each, shared) for each in node.at("cases").tables())
    if not cases:
        raise node.wrong(say("there is no case"), "[[cases]]")
    return Cases(node.at("policy").text("balanced") if "policy" in node else None, cases)


def _read_case(node: Node, shared: Mapping[str, Any]) -> Case:
    node.known(("name", "prompt", "signals", "expect"))
    expect = node.at("expect").table('{ target = "edge" }')
    expect.known(EXPECTED)
    if not expect.value:
        raise node.wrong(say("a case expects something"), 'expect = { target = "edge" }')
    return Case(
        node.at("name").text("a short question stays here"),
        node.at("prompt").text("What is a prime number?") if "prompt" in node else None,
        {**shared, **_read_signals(node)},
        {name: _read_expected(each) for name, each in expect.items()},
    )


def _read_expected(node: Node) -> Any:
    words = {
        "target": [each.value for each in Target],
        "reason": [each.value for each in Reason],
        "label": list(MEASURED["label"].words()),
    }
    if node.key in words:
        return node.choice(words[node.key])
    if node.key == "asks":
        return node.yes()
    if not isinstance(node.value, str):  # an empty name is the expectation that no rule decided
        raise node.must_be(say("the name of a rule or score"), '"far-too-slow-to-begin"')
    return node.value


def _read_signals(node: Node) -> dict[str, Any]:
    if "signals" not in node:
        return {}
    table = node.at("signals").table("{ edge_wait_s = 40 }")
    table.known(tuple(MEASURED), noted("there is no signal {name!r}{where}"))
    return {name: read_signal(each) for name, each in table.items()}


def read_signal(node: Node) -> Any:
    """The value of a measured signal as a file spells it; "unknown" where it may be."""
    fact = MEASURED[node.key]
    if node.value == UNKNOWN and node.key in MAY_BE_UNKNOWN:
        return None
    if fact.kind is Kind.CHOICE:
        word = node.choice(fact.words())
        return next(each for each in fact.choices or () if spelled(each) == word)
    return _READERS[fact.kind](node)


_READERS: Mapping[Kind, Callable[[Node], Any]] = {
    Kind.COUNT: lambda node: node.count("8"),
    Kind.NUMBER: lambda node: float(node.number("2.5")),
    Kind.YES_NO: Node.yes,
    Kind.WORD: lambda node: node.text("zh"),
    Kind.WORDS: lambda node: (node.text("empty"),),
    Kind.MONEY: read_money,
}


def signal_of_text(spelling: str) -> tuple[str, Any]:
    """A signal and its value from `name=value`, as a flag spells it; raises UsageError."""
    name, _, text = (part.strip() for part in spelling.partition("="))
    if name not in MEASURED:
        raise UsageError(
            say("there is no signal {name!r}", name=name), hint=near(name, tuple(MEASURED))
        )
    node = Node(_spelled_out(MEASURED[name].kind, text), (name,), "--signal", {})
    return name, read_signal(node)


def _spelled_out(kind: Kind, text: str) -> Any:
    """The TOML value a flag's text means, by the kind it should have."""
    if kind is Kind.YES_NO:
        return {"true": True, "yes": True, "false": False, "no": False}.get(text.lower(), text)
    if kind in (Kind.COUNT, Kind.NUMBER):
        try:
            return int(text) if text.lstrip("+-").isdecimal() else Decimal(text)
        except (ArithmeticError, ValueError):
            return text
    return text
