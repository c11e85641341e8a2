"""What `edge why` says of a turn: who answered and why, what it took, and what left the machine."""

from __future__ import annotations

from collections.abc import Iterator

from edge.cli.otherwise import expected_wait_s
from edge.cli.reasons import Account, Because
from edge.cli.words import cloud_chat as chat_words
from edge.cli.words import policy as policy_words
from edge.core.decision import Decision
from edge.core.event import Attempt
from edge.core.units import show_duration
from edge.store.sent import Send

_SHOWN_HASH_CHARS = 16
_MOST_SENDS = 8


def told(account: Account) -> str:
    """A turn accounted for, in lines; no word of it is among them."""
    return "\n".join(_lines(account))


def _lines(account: Account) -> Iterator[str]:
    turn, count = account.turn, len(account.shares)
    label = turn.prompt.label.name.lower()
    yield f"turn {turn.id}, {turn.started_at_utc}: {turn.outcome}, {label}"
    if not account.shares:
        yield "No engine has answered it."
    for share in account.shares:
        if count > 1:
            yield _which(share.attempt, count)
        yield from _share(share, was_sent=bool(account.sends))
    yield from _sends(account)


def _which(attempt: Attempt, count: int) -> str:
    unseen = "" if attempt.shown else ", not shown"
    return f"{attempt.n} of {count}: {attempt.stop_reason}{unseen}"


def _share(share: Because, *, was_sent: bool) -> Iterator[str]:
    attempt, decision = share.attempt, share.attempt.decision
    yield f"{policy_words.decided(decision)}." if attempt.model else refused(decision)
    if share.explanation is not None:
        _, _, rest = policy_words.explained(share.explanation).partition("\n")
        yield rest
    else:
        yield policy_gone(decision.policy, decision.policy_hash)
    if attempt.model:
        yield f"Took: {chat_words.share(attempt, was_sent=was_sent)}{_expected(attempt)}."


def refused(decision: Decision) -> str:
    """The user insisted on the cloud, and a guard stood before it."""
    return f"Nobody answered: the cloud was asked for, and {policy_words.why(decision)}."


def _expected(attempt: Attempt) -> str:
    wait_s = expected_wait_s(attempt.decision)
    return "" if wait_s is None else f"; expected after {show_duration(wait_s)}"


def policy_gone(name: str, text_hash: str) -> str:
    """The policy of that time cannot be read any more."""
    if not text_hash:
        return "It was decided before policies were kept."
    return f"Policy {name or 'unknown'} {text_hash[:12]} is gone, so no more can be said."


def _sends(account: Account) -> Iterator[str]:
    if not account.sends:
        later = " for it" if account.retold else ""
        yield f"Nothing left this machine{later}."
    for send in account.sends[-_MOST_SENDS:]:
        yield f"Left this machine: {_send(send)}."
    if account.retold:
        n_sends, first = len(account.retold), account.retold[0]
        yield f"Its words left again {_times(n_sends)} with later turns, first: {_send(first)}."


def _send(send: Send) -> str:
    what = send.sent
    paid = f"at most {chat_words.amount(what.most)}"
    if send.cost is not None:
        paid = chat_words.amount(send.cost)
    return (
        f"{send.at_utc} to {what.host} ({what.model}), {what.n_bytes:,} bytes, "
        f"SHA-256 {what.sha256[:_SHOWN_HASH_CHARS]}…, {paid}"
    )


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def no_turn() -> str:
    """Nothing was ever asked."""
    return "no turn has been kept yet"
