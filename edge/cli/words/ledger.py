"""What `edge budget` and `edge sent` say; small functions, so that another language can stand here.

The words of tables are here too; the keys of `--json` are names and stay.
"""

from __future__ import annotations

from collections.abc import Sequence

from edge.core.cloud import Scope
from edge.core.units import NO_CURRENCY, Money

CAP_HEADINGS = ("CAP", "LIMIT", "SPENT", "LEFT", "FROM")
CAP_NUMBERS = ("LIMIT", "SPENT", "LEFT")
TOTAL_NUMBERS = ("SENDS", "COST", "RESERVED")
SENT_HEADINGS = ("TIME", "HOST", "MODEL", "TURNS", "BYTES", "COST")
SENT_NUMBERS = ("BYTES", "COST")

_SCOPES = {
    Scope.TURN: "turn",
    Scope.CONVERSATION: "conversation",
    Scope.DAY: "day",
    Scope.MONTH: "month",
}

# Budgets.


def scope(which: Scope) -> str:
    """What a cap is summed over."""
    return _SCOPES[which]


def total_headings(by: str) -> tuple[str, ...]:
    """The columns of totals."""
    return (by.upper(), "SENDS", "COST", "RESERVED")


def from_policy(name: str) -> str:
    """Where a cap comes from that the user did not set."""
    return f"policy {name}"


def no_caps() -> str:
    """There is no cap at all."""
    return f"no cap is set: {how_to_set()}"


def not_capped(currency: str) -> str:
    """Money was spent that no cap holds."""
    return (
        f'nothing limits what is spent in {currency}; try: edge budget set --month "20 {currency}"'
    )


def nothing_spent() -> str:
    """There are no totals."""
    return "nothing has been spent"


def by_what(name: str, known: Sequence[str]) -> str:
    """Totals were asked for by something else."""
    return f"--by is {name!r} and must be one of {', '.join(known)}"


def how_to_set() -> str:
    """The next thing to type."""
    return 'edge budget set --month "20 CNY"'


def set_nothing() -> str:
    """`edge budget set` alone."""
    return "nothing is said of what to set"


def no_amount(typed: str) -> str:
    """Words that are no amount of money."""
    return f"{typed!r} is no amount: write it with its currency, as 20 CNY, or none"


def an_amount(which: Scope) -> str:
    """The next thing to type."""
    return f'edge budget set --{which} "20 CNY"'


def was_set(which: Scope, limit: Money) -> str:
    """A cap is written down."""
    return f"at most {limit} a {scope(which)}"


def was_removed(which: Scope) -> str:
    """A cap of the user's own is taken away."""
    return f"no limit of yours for a {scope(which)} any more; the policy's holds, if it has one"


def none_to_remove(which: Scope) -> str:
    """There was no cap of the user's own."""
    return f"there was no limit of yours for a {scope(which)}"


# Sends.


def nothing_sent(turn_id: str | None) -> str:
    """No row."""
    return f"nothing has been sent with turn {turn_id}" if turn_id else "nothing has been sent"


def turns(turn_ids: Sequence[str]) -> str:
    """The turns a send held, the newest named: it is the one that was answered.

    >>> turns(["k3v9", "m2xq", "p0ab"])
    'p0ab and 2 before'
    """
    *before, newest = turn_ids or ("-",)
    return f"{newest} and {len(before)} before" if before else newest


def cost(settled: Money | None, most: Money) -> str:
    """What a send did cost, or the most it can have."""
    if most.currency == NO_CURRENCY:
        return "no price given"
    return f"at most {most}" if settled is None else str(settled)
