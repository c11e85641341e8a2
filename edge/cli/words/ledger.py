"""What `edge budget` and `edge sent` say.

The words of tables are here too; the keys of `--json` are names and stay.
"""

from __future__ import annotations

from collections.abc import Sequence

from edge.core.cloud import Scope
from edge.core.say import say
from edge.core.units import NO_CURRENCY, Money

# Budgets.


def cap_headings() -> tuple[str, ...]:
    """The columns of caps."""
    return (say("CAP"), *cap_numbers(), say("FROM"))


def cap_numbers() -> tuple[str, ...]:
    """Those of them that hold numbers."""
    return (say("LIMIT"), say("SPENT"), say("LEFT"))


def scope(which: Scope) -> str:
    """What a cap is summed over."""
    match which:
        case Scope.TURN:
            return say("turn")
        case Scope.CONVERSATION:
            return say("conversation")
        case Scope.DAY:
            return say("day")
        case Scope.MONTH:
            return say("month")


def total_headings(by: str) -> tuple[str, ...]:
    """The columns of totals."""
    return (_summed_by(by), *total_numbers())


def total_numbers() -> tuple[str, ...]:
    """Those of them that hold numbers."""
    return (say("SENDS"), say("COST"), say("RESERVED"))


def _summed_by(by: str) -> str:
    names = {
        "day": say("DAY"),
        "month": say("MONTH"),
        "model": say("MODEL"),
        "reason": say("REASON"),
        "provider": say("PROVIDER"),
    }
    return names.get(by, by.upper())


def from_policy(name: str) -> str:
    """Where a cap comes from that the user did not set."""
    return say("policy {name}", name=name)


def no_caps() -> str:
    """There is no cap at all."""
    return say("no cap is set: {how}", how=how_to_set())


def not_capped(currency: str) -> str:
    """Money was spent that no cap holds."""
    return say(
        'nothing limits what is spent in {currency}; try: edge budget set --month "20 {currency}"',
        currency=currency,
    )


def nothing_spent() -> str:
    """There are no totals."""
    return say("nothing has been spent")


def by_what(name: str, known: Sequence[str]) -> str:
    """Totals were asked for by something else."""
    return say("--by is {name!r} and must be one of {known}", name=name, known=", ".join(known))


def how_to_set() -> str:
    """The next thing to type."""
    return 'edge budget set --month "20 CNY"'


def set_nothing() -> str:
    """`edge budget set` alone."""
    return say("nothing is said of what to set")


def no_amount(typed: str) -> str:
    """Words that are no amount of money."""
    return say(
        "{typed!r} is no amount: write it with its currency, as 20 CNY, or none", typed=typed
    )


def an_amount(which: Scope) -> str:
    """The next thing to type."""
    return f'edge budget set --{which} "20 CNY"'


def was_set(which: Scope, limit: Money) -> str:
    """A cap is written down."""
    return say("at most {limit} a {scope}", limit=limit, scope=scope(which))


def was_removed(which: Scope) -> str:
    """A cap of the user's own is taken away."""
    return say(
        "no limit of yours for a {scope} any more; the policy's holds, if it has one",
        scope=scope(which),
    )


def none_to_remove(which: Scope) -> str:
    """There was no cap of the user's own."""
    return say("there was no limit of yours for a {scope}", scope=scope(which))


# Sends.


def sent_headings() -> tuple[str, ...]:
    """The columns of sends."""
    return (say("TIME"), say("HOST"), say("MODEL"), say("TURNS"), *sent_numbers())


def sent_numbers() -> tuple[str, ...]:
    """Those of them that hold numbers."""
    return (say("BYTES"), say("COST"))


def nothing_sent(turn_id: str | None) -> str:
    """No row."""
    if turn_id:
        return say("nothing has been sent with turn {id}", id=turn_id)
    return say("nothing has been sent")


def turns(turn_ids: Sequence[str]) -> str:
    """The turns a send held, the newest named: it is the one that was answered.

    >>> turns(["k3v9", "m2xq", "p0ab"])
    'p0ab and 2 before'
    """
    *before, newest = turn_ids or ("-",)
    if not before:
        return newest
    return say("{newest} and {n_before} before", newest=newest, n_before=len(before))


def cost(settled: Money | None, most: Money) -> str:
    """What a send did cost, or the most it can have."""
    if most.currency == NO_CURRENCY:
        return say("no price given")
    return say("at most {amount}", amount=most) if settled is None else str(settled)
