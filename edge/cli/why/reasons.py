"""Why a stored turn went where it went, and what left the machine: gathered, not yet in words."""

from __future__ import annotations

from dataclasses import dataclass

from edge.core.conversation import Turn
from edge.core.decision import Decision
from edge.core.errors import UsageError
from edge.core.event import Attempt
from edge.routing.explain import Explanation, explain
from edge.routing.policy import Policy
from edge.routing.policy_file import BUILT_IN, built_in, load_policy
from edge.store.database import Database
from edge.store.policies import Policies
from edge.store.sent import Send, SendBook

_MOST_SENDS = 1000


@dataclass(frozen=True, slots=True)
class Because:
    """One engine's share of a turn, and why it was its; `explanation` None: the policy is gone."""

    attempt: Attempt
    explanation: Explanation | None


@dataclass(frozen=True, slots=True)
class Account:
    """A turn, accounted for. Sends are oldest first.

    `sends` were made to answer it, `retold` to answer later ones, with its words
    among what was told.
    """

    turn: Turn
    shares: tuple[Because, ...]
    sends: tuple[Send, ...] = ()
    retold: tuple[Send, ...] = ()


def account_of(turn: Turn, database: Database | None) -> Account:
    """All that is known of a turn; without a store, of itself alone."""
    policies = None if database is None else Policies(database)
    shares = tuple(Because(each, _explained(each.decision, policies)) for each in turn.attempts)
    if database is None:
        return Account(turn, shares)
    sends = tuple(reversed(SendBook(database).sends(_MOST_SENDS, turn.id)))
    # The last of the turns told is the one that was answered.
    own = tuple(send for send in sends if send.sent.turn_ids[-1:] == (turn.id,))
    return Account(turn, shares, own, tuple(send for send in sends if send not in own))


def _explained(decision: Decision, policies: Policies | None) -> Explanation | None:
    policy = policy_of(decision, policies)
    return None if policy is None else explain(decision, policy)


def policy_of(decision: Decision, policies: Policies | None) -> Policy | None:
    """The very policy that decided; None where it is not kept or cannot be read any more."""
    if decision.policy in BUILT_IN:
        policy = built_in(decision.policy)
        if policy.text_hash == decision.policy_hash:
            return policy
    text = None if policies is None else policies.text(decision.policy_hash)
    if text is None:
        return None
    try:
        policy = load_policy(text, decision.policy)
    except UsageError:  # written for another edge
        return None
    return policy if policy.text_hash == decision.policy_hash else None
