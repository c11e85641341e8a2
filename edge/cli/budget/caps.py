"""The caps in force with where each comes from, and new ones written down; for `edge budget`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from edge.cli.policy.command import own_file
from edge.cli.words import ledger as words
from edge.core.cloud import Cap, Scope
from edge.core.errors import UsageError
from edge.core.units import NO_CURRENCY, Money
from edge.routing.policy_file import choose_policy
from edge.settings.cloud import load_cloud
from edge.settings.folders import Folders
from edge.store.caps import Standing, effective_caps
from edge.store.ledger import Ledger, Total

_AMOUNT = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([A-Za-z]{3})\s*")
# What a turn and a conversation may cost begins anew with each: nothing is spent of it yet.
_ALWAYS_NEW = (Scope.TURN, Scope.CONVERSATION)


@dataclass(frozen=True, slots=True)
class CapRow:
    """A cap in force, what is spent of it now, and who set it."""

    standing: Standing
    origin: str

    def cells(self) -> tuple[str, ...]:
        """The row of a table."""
        cap, is_new = self.standing.cap, self.standing.cap.scope in _ALWAYS_NEW
        spent = "-" if is_new else str(self.standing.spent)
        left = str(self.standing.left_over)
        return (words.scope(cap.scope), str(cap.limit), spent, left, self.origin)

    def entry(self) -> dict[str, Any]:
        """The row for programs."""
        cap = self.standing.cap
        return {
            "scope": cap.scope.value,
            "currency": cap.limit.currency,
            "limit": f"{cap.limit.amount:f}",
            "spent": f"{self.standing.spent.amount:f}",
            "left": f"{self.standing.left_over.amount:f}",
            "from": self.origin,
        }


@dataclass(frozen=True, slots=True)
class CapsInForce:
    """All of them, and which money they do not hold."""

    rows: tuple[CapRow, ...]

    def uncapped(self, totals: Iterable[Total]) -> list[str]:
        """The currencies in which money was spent and no cap holds any."""
        capped = {row.standing.cap.limit.currency for row in self.rows}
        return sorted({total.settled.currency for total in totals} - capped - {NO_CURRENCY})


def caps_in_force(folders: Folders, ledger: Ledger) -> CapsInForce:
    """The user's own caps and, where there is none, the policy's; as if the cloud were on."""
    chosen = load_cloud(folders)
    policy = choose_policy(chosen.policy, own_file(folders))
    caps = effective_caps(policy.caps, chosen.caps)
    own = {_key(cap) for cap in chosen.caps}
    theirs = words.from_policy(policy.name)
    currencies = dict.fromkeys(cap.limit.currency for cap in caps)
    standings = [s for each in currencies for s in ledger.standings(caps, each, None)]
    return CapsInForce(
        tuple(
            CapRow(standing, folders.config_file.name if _key(standing.cap) in own else theirs)
            for standing in standings
        )
    )


def set_limits(folders: Folders, typed: Mapping[Scope, str]) -> tuple[str, ...]:
    """Write caps into config.toml, all or none, and say what was done; raises UsageError."""
    from edge.settings.edit import write_settings

    own = load_cloud(folders).caps
    changes: dict[tuple[str, ...], Decimal | None] = {}
    said = []
    for scope, text in typed.items():
        limit = _limit(scope, text)
        if limit is not None:
            changes["budget", limit.currency, str(scope)] = limit.amount
            said.append(words.was_set(scope, limit))
            continue
        gone = [cap.limit.currency for cap in own if cap.scope is scope]
        changes |= {("budget", currency, str(scope)): None for currency in gone}
        said.append(words.was_removed(scope) if gone else words.none_to_remove(scope))
    if changes:
        write_settings(folders, changes)
    return tuple(said)


def _limit(scope: Scope, text: str) -> Money | None:
    """The amount typed; None for none."""
    if text.strip().lower() == "none":
        return None
    found = _AMOUNT.fullmatch(text)
    if found is None:
        raise UsageError(words.no_amount(text), hint=words.an_amount(scope))
    return Money(Decimal(found[1]), found[2].upper())


def _key(cap: Cap) -> tuple[Scope, str]:
    return cap.scope, cap.limit.currency
