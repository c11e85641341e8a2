"""From the tables of a policy file to its rules, scores and caps, each checked where it stands."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection
from decimal import Decimal
from functools import reduce
from typing import Any

from edge.core.cloud import Cap, Scope
from edge.core.decision import Target
from edge.core.errors import UsageError
from edge.core.say import noted, say
from edge.core.units import Money
from edge.routing.conditions import BOUNDS, Among, Bound, Condition, Within, visible
from edge.routing.facts import FACTS, NUMERIC, Fact, Kind
from edge.routing.policy import CloudModel, Rule, Score
from edge.routing.toml_text import Node, near

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_CURRENCY = re.compile(r"[A-Z]{3}")
_MOST_AMOUNT = Decimal(10) ** 9
_DECIMALS = 9  # the ledger counts in units of 1e-9
_CURRENCIES = ("CNY", "USD", "EUR", "HKD", "SGD")  # to suggest; any code is taken

# What may be asked before there is an answer to judge.
RULE_SIGNALS = tuple(n for n, fact in FACTS.items() if not (fact.is_settled or fact.after_answer))
SCORE_SIGNALS = tuple(
    n for n, fact in FACTS.items() if fact.kind in NUMERIC and not fact.is_settled
)


def read_name(node: Node) -> str:
    """The name of a policy, rule or score."""
    name = node.at("name").text("long-prompts")
    if not _NAME.fullmatch(name):
        raise node.at("name").must_be(
            say("at most 40 small letters, digits and hyphens"), '"long-prompts"'
        )
    return name


def read_rule(node: Node) -> Rule:
    """One `[[rules]]`."""
    node.known(("name", "target", "when", "cloud_model"))
    name, target = read_name(node), read_target(node)
    when = node.at("when").table('{ language = "zh" }')
    if not when.value:
        raise node.wrong(
            say("rule {name!r} has no condition", name=name), say('write it as default = "…"')
        )
    conditions = tuple(read_condition(each) for _, each in when.items())
    return Rule(name, target, conditions, read_cloud_model(node))


def read_target(node: Node) -> Target:
    """Who answers where it holds."""
    return Target(node.at("target").choice([each.value for each in Target]))


def read_cloud_model(node: Node) -> CloudModel | None:
    """Which cloud model is meant, where that is said."""
    if "cloud_model" not in node:
        return None
    return CloudModel(node.at("cloud_model").choice([each.value for each in CloudModel]))


def read_condition(node: Node) -> Condition:
    """One `signal = condition` of a rule, by the kind of the signal."""
    fact = _fact(node)
    if fact.kind in (*NUMERIC, Kind.MONEY):
        return _within(node, fact)
    if fact.kind is Kind.YES_NO:
        return Among(node.key, (node.yes(),))
    return _among(node, fact)


def _fact(node: Node) -> Fact:
    signal = node.key
    if signal not in FACTS:
        raise node.wrong(
            say("there is no signal {signal!r}", signal=signal), near(signal, RULE_SIGNALS)
        )
    fact = FACTS[signal]
    if fact.after_answer:
        raise node.wrong(
            say("{signal} is known after an answer, and rules are asked before", signal=signal),
            say("a score with weights = {{ {signal} = … }}", signal=signal),
        )
    if fact.is_settled:
        raise node.wrong(
            say(
                "a condition on {signal} says nothing: {what} has decided on it before any "
                "rule is asked",
                signal=signal,
                what=fact.settled_by,
            ),
            say("leave it out"),
        )
    return fact


def _among(node: Node, fact: Fact) -> Among:
    values = node.value if isinstance(node.value, list) else [node.value]
    example = visible(fact)[0] if visible(fact) else "zh"
    if not values or not all(isinstance(value, str) and value for value in values):
        raise node.must_be(say("a text, or a list of texts"), f'"{example}"')
    for value in values:
        if value in fact.settled:
            raise node.wrong(
                say(
                    "{key} is never {value!r} here: {what} has decided before any rule is asked",
                    key=node.key,
                    value=value,
                    what=fact.settled_by,
                ),
                say("one of {words}", words=", ".join(visible(fact))),
            )
        if fact.choices is not None and value not in visible(fact):
            raise node.wrong(
                say("{key} is never {value!r}", key=node.key, value=value),
                near(value, visible(fact)),
            )
    return Among(node.key, tuple(dict.fromkeys(values)))


def _within(node: Node, fact: Fact) -> Within:
    example = _EXAMPLES.get(fact.kind, "{ above = 8 }")
    node.table(example)
    node.known(BOUNDS, noted("there is no bound {name!r}{where}"))
    if not node.value:
        raise node.must_be(say("bounded"), example)
    for one, other in (("above", "at_least"), ("below", "at_most")):
        if one in node and other in node:
            raise node.wrong(
                say("{key} has both {one} and {other}", key=node.key, one=one, other=other),
                say("one of {one}, {other}", one=one, other=other),
            )
    read = {name: _bound(each, fact) for name, each in node.items()}
    currencies = {currency for _, currency in read.values()}
    if len(currencies) > 1:
        raise node.wrong(
            say(
                "{key} is bounded in {currencies}",
                key=node.key,
                currencies=_named(currencies),
            ),
            say("use one"),
        )
    bounds: dict[str, Any] = {name: bound for name, (bound, _) in read.items()}
    return Within(node.key, **bounds, currency=currencies.pop())


_EXAMPLES = {Kind.MONEY: '{ below = "0.05 CNY" }', Kind.NUMBER: "{ above = 2.5 }"}


def _named(words: Collection[str]) -> str:
    return reduce(lambda one, other: say("{one} and {other}", one=one, other=other), sorted(words))


def _bound(node: Node, fact: Fact) -> tuple[Bound, str]:
    if fact.kind is Kind.MONEY:
        money = read_money(node)
        return money.amount, money.currency
    bound: Bound = node.count("8") if fact.kind is Kind.COUNT else float(node.number("2.5"))
    if not fact.low <= bound <= fact.high:
        signal = str(node.path[-2])
        is_low = bound < fact.low
        side = say("below {n:g}", n=fact.low) if is_low else say("above {n:g}", n=fact.high)
        raise node.wrong(
            say(
                "{signal} is never {side}, and {key} is {bound:g}",
                signal=signal,
                side=side,
                key=node.key,
                bound=bound,
            ),
            say("correct it"),
        )
    return bound, ""


def read_money(node: Node) -> Money:
    """An amount with its currency, written "0.05 CNY"."""
    amount, _, currency = str(node.value).partition(" ")
    if not isinstance(node.value, str) or not _CURRENCY.fullmatch(currency):
        raise node.must_be(say("an amount with its currency"), '"0.05 CNY"')
    try:
        return Money(_amount(Decimal(amount), node), currency)
    except ArithmeticError as cause:
        raise node.must_be(say("an amount with its currency"), '"0.05 CNY"') from cause


def _amount(amount: Decimal, node: Node) -> Decimal:
    is_usual = amount.is_finite() and 0 <= amount <= _MOST_AMOUNT
    if not is_usual or amount != round(amount, _DECIMALS):
        raise node.must_be(say("an amount from 0 to 1e9 with at most 9 decimals"), "2.50")
    return amount


def read_caps(node: Node) -> tuple[Cap, ...]:
    """All of `[budget.CUR]`: caps by scope and currency."""
    if node.value is None:
        return ()
    caps: list[Cap] = []
    for currency, table in node.table("{ CNY = { day = 2 } }").items():
        if not _CURRENCY.fullmatch(currency):
            raise table.wrong(
                say("{currency!r} is no currency code", currency=currency),
                f"[budget.{_currency_near(currency)}]",
            )
        caps += _caps_of(currency, table.table("{ day = 2 }"))
    return tuple(caps)


def _currency_near(word: str) -> str:
    found = difflib.get_close_matches(word.upper(), _CURRENCIES, n=1, cutoff=0.5)
    return found[0] if found else "CNY"


def _caps_of(currency: str, table: Node) -> list[Cap]:
    table.known([scope.value for scope in Scope], noted("there is no scope {name!r}{where}"))
    found: dict[Scope, Decimal] = {}
    for word, node in table.items():
        limit = _amount(Decimal(node.number("2.50")), node)
        for narrow, wide in _NESTED:
            if wide in found and narrow.value == word and limit > found[wide]:
                raise _never_binds(node, narrow, wide)
            if narrow in found and wide.value == word and limit < found[narrow]:
                raise _never_binds(table.at(narrow.value), narrow, wide)
        found[Scope(word)] = limit
    return [Cap(scope, Money(limit, currency)) for scope, limit in found.items()]


# What is spent in the narrow one is spent in the wide one, too.
_NESTED = (
    (Scope.TURN, Scope.CONVERSATION),
    (Scope.TURN, Scope.DAY),
    (Scope.TURN, Scope.MONTH),
    (Scope.DAY, Scope.MONTH),
)


def _never_binds(node: Node, narrow: Scope, wide: Scope) -> UsageError:
    return node.wrong(
        say(
            "the cap of a {narrow} exceeds that of a {wide} and never binds",
            narrow=narrow,
            wide=wide,
        ),
        say("lower {narrow}, or raise {wide}", narrow=narrow, wide=wide),
    )


def read_score(node: Node) -> Score:
    """One `[[scores]]`."""
    node.known(("name", "target", "weights", "threshold", "cloud_model"))
    name, target = read_name(node), read_target(node)
    weights = node.at("weights").table("{ difficulty = 1 }")
    if not weights.value:
        raise node.wrong(
            say("score {name!r} weighs nothing", name=name), "weights = { difficulty = 1 }"
        )
    weights.known(SCORE_SIGNALS, noted("there is no number to weigh named {name!r}{where}"))
    # In one order, so that a sum has the same last bits however the file is arranged.
    read = tuple((signal, float(each.number("1"))) for signal, each in sorted(weights.items()))
    if any(weight == 0 for _, weight in read):
        raise weights.wrong(say("a weight of 0 says nothing"), say("leave that signal out"))
    threshold = float(node.at("threshold").number("0.5"))
    return Score(name, target, read, threshold, read_cloud_model(node))
