"""What `edge why` says of a turn: who answered and why, what it took, and what left the machine."""

from __future__ import annotations

from collections.abc import Iterator

from edge.cli.why.otherwise import expected_wait_s
from edge.cli.why.reasons import Account, Because
from edge.cli.words import cloud_chat as chat_words
from edge.cli.words import context as context_words
from edge.cli.words import policy as policy_words
from edge.core.conversation import Outcome
from edge.core.decision import Decision
from edge.core.event import Attempt
from edge.core.message import Label
from edge.core.say import say, say_n
from edge.core.units import show_duration
from edge.store.sent import Send

_SHOWN_HASH_CHARS = 16
_MOST_SENDS = 8


def told(account: Account) -> str:
    """A turn accounted for, in lines; no word of it is among them."""
    return "\n".join(_lines(account))


def _lines(account: Account) -> Iterator[str]:
    turn, count = account.turn, len(account.shares)
    yield say(
        "turn {id}, {at}: {outcome}, {label}",
        id=turn.id,
        at=turn.started_at_utc,
        outcome=_outcome(turn.outcome),
        label=label(turn.prompt.label),
    )
    if not account.shares:
        yield say("No engine has answered it.")
    for share in account.shares:
        if count > 1:
            yield _which(share.attempt, count)
        yield from _share(share, was_sent=bool(account.sends))
    yield from _sends(account)


def label(of: Label) -> str:
    """Whether a text may leave this machine, in a word."""
    return say("private") if of is Label.PRIVATE else say("public")


def _outcome(of: Outcome) -> str:
    match of:
        case Outcome.OPEN:
            return say("open")
        case Outcome.FINISHED:
            return say("finished")
        case Outcome.STOPPED:
            return say("stopped")
        case Outcome.INCOMPLETE:
            return say("incomplete")
        case Outcome.FAILED:
            return say("failed")


def _which(attempt: Attempt, count: int) -> str:
    ended = attempt.stop_reason
    if attempt.shown:
        return say("{i} of {count}: {ended}", i=attempt.n, count=count, ended=ended)
    return say("{i} of {count}: {ended}, not shown", i=attempt.n, count=count, ended=ended)


def _share(share: Because, *, was_sent: bool) -> Iterator[str]:
    attempt, decision = share.attempt, share.attempt.decision
    if attempt.model:
        yield say("{sentence}.", sentence=policy_words.decided(decision))
    else:
        yield refused(decision)
    if share.explanation is not None:
        _, _, rest = policy_words.explained(share.explanation).partition("\n")
        yield rest
    else:
        yield policy_gone(decision.policy, decision.policy_hash)
    if attempt.model:
        yield _took(attempt, chat_words.share(attempt, was_sent=was_sent))
    if attempt.context is not None:
        yield context_words.told(attempt.context)


def refused(decision: Decision) -> str:
    """The user insisted on the cloud, and a guard stood before it."""
    return say(
        "Nobody answered: the cloud was asked for, and {why}.", why=policy_words.why(decision)
    )


def _took(attempt: Attempt, share: str) -> str:
    wait_s = expected_wait_s(attempt.decision)
    if wait_s is None:
        return say("Took: {share}.", share=share)
    return say("Took: {share}; expected after {wait}.", share=share, wait=show_duration(wait_s))


def policy_gone(name: str, text_hash: str) -> str:
    """The policy of that time cannot be read any more."""
    if not text_hash:
        return say("It was decided before policies were kept.")
    return say(
        "Policy {name} {hash} is gone, so no more can be said.",
        name=name or say("unknown"),
        hash=text_hash[:12],
    )


def _sends(account: Account) -> Iterator[str]:
    if not account.sends:
        later = say("Nothing left this machine for it.")
        yield later if account.retold else say("Nothing left this machine.")
    for send in account.sends[-_MOST_SENDS:]:
        yield say("Left this machine: {send}.", send=_send(send))
    if account.retold:
        yield say_n(
            "Its words left again once with later turns, first: {send}.",
            "Its words left again {n} times with later turns, first: {send}.",
            len(account.retold),
            send=_send(account.retold[0]),
        )


def _send(send: Send) -> str:
    what = send.sent
    paid = say("at most {amount}", amount=chat_words.amount(what.most))
    if send.cost is not None:
        paid = chat_words.amount(send.cost)
    return say(
        "{at} to {host} ({model}), {n_bytes:,} bytes, SHA-256 {sha256}…, {paid}",
        at=send.at_utc,
        host=what.host,
        model=what.model,
        n_bytes=what.n_bytes,
        sha256=what.sha256[:_SHOWN_HASH_CHARS],
        paid=paid,
    )


def no_turn() -> str:
    """Nothing was ever asked."""
    return say("no turn has been kept yet")
