"""What a talk with a cloud behind it says beside the replies: who answers, what may leave."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_CEILING, Decimal

from edge.cli.otherwise import Otherwise, took_s
from edge.core.cloud import CloudMode
from edge.core.decision import Target
from edge.core.event import Attempt, Usage
from edge.core.message import Label, Message
from edge.core.units import NO_CURRENCY, Money, show_bytes, show_duration, show_speed

_DOT = " · "

# Who answers.


def name(target: Target) -> str:
    """An engine, as its user calls it."""
    return "device" if target is Target.EDGE else "cloud"


def header(model: str, host: str, mode: CloudMode, policy: str) -> str:
    """Which cloud stands behind the device, and what decides."""
    return f"cloud {model} at {host}, mode {mode}, policy {policy}"


def begins(label: Label) -> str:
    """How the prompts of this conversation begin."""
    if label is Label.PRIVATE:
        return "this conversation is private: nothing of it leaves this machine"
    return "this conversation is public: what is not found private may be sent; /private locks it"


def answered_by(attempts: Sequence[Attempt], host: str) -> str:
    """Below an answer: who wrote it, in how long, and for how much."""
    wrote = [attempt for attempt in attempts if attempt.shown and attempt.spans]
    return ", then ".join(_wrote(attempt, host) for attempt in wrote)


def _wrote(attempt: Attempt, host: str) -> str:
    took = took_s(attempt.usage)
    shown = [show_duration(took)] if took else []
    if attempt.decision.target is Target.EDGE:
        return _DOT.join(["device", *shown])
    return _DOT.join([f"cloud {attempt.model}", *shown, cost(attempt), host])


def cost(attempt: Attempt) -> str:
    """What the cloud's share cost; where the provider did not count it, at most."""
    if attempt.usage.cost is not None:
        return amount(attempt.usage.cost)
    most = attempt.decision.signals.cloud_cost
    return "cost not known" if most is None else f"at most {amount(most)}"


def amount(money: Money) -> str:
    """Money for the eye: two digits that mean something, rounded up.

    >>> amount(Money(Decimal("0.001083"), "CNY")), amount(Money(Decimal("12.3401"), "CNY"))
    ('0.0011 CNY', '12.35 CNY')
    """
    if money.currency == NO_CURRENCY:
        return "no price given"
    last = min(-2, money.amount.adjusted() - 1) if money.amount else 0
    shown = money.amount.quantize(Decimal(1).scaleb(last), ROUND_CEILING)
    return str(Money(shown, money.currency))


# --stats and /stats.


def stats(attempts: Sequence[Attempt]) -> str:
    """What a turn took, and what the other engine would have taken."""
    read = [attempt for attempt in attempts if attempt.shown] or attempts
    return "; then ".join(map(share, read))


def share(attempt: Attempt, *, was_sent: bool = True) -> str:
    """One engine's part of it."""
    others = [otherwise(instead)] if (instead := Otherwise.of(attempt)) else []
    costs = [cost(attempt)] if attempt.decision.target is Target.CLOUD and was_sent else []
    who = f"{attempt.model} {where(attempt.decision.target)}"
    return f"{who}: {'; '.join([usage(attempt.usage), *costs, *others])}"


def where(target: Target) -> str:
    """Where an engine answers."""
    return "on the device" if target is Target.EDGE else "in the cloud"


def usage(used: Usage) -> str:
    """Tokens and times; a share that was cut was not counted."""
    if not used.prompt_tokens:
        return "its tokens were not counted"
    speed = used.completion_tokens / used.decode_s if used.decode_s else 0.0
    return (
        f"prompt {used.prompt_tokens} tokens, {used.cached_tokens} of them cached; "
        f"reply {used.completion_tokens} tokens at {show_speed(speed)}; "
        f"first text after {show_duration(used.ttft_s)}"
    )


def otherwise(instead: Otherwise) -> str:
    """What the other engine would have taken and cost."""
    if instead.too_long:
        return f"{where(instead.target)} it would not have fitted"
    parts = [] if instead.seconds is None else [f"about {show_duration(instead.seconds)}"]
    parts += [] if instead.most is None else [f"at most {amount(instead.most)}"]
    return f"{where(instead.target)} {', '.join(parts) or 'not measured yet'}"


# The commands of a chat.


def cloud_is_off() -> str:
    """There is no cloud to ask."""
    return "the cloud is off"


def turn_it_on() -> str:
    """The same, with what to type."""
    return f"{cloud_is_off()}; edge cloud login turns it on"


def device_anyway() -> str:
    """/edge, where nobody else could answer."""
    return f"every turn is the device's: {turn_it_on()}"


def locked() -> str:
    """Answers /private."""
    return "this conversation is private from now on; that cannot be taken back"


def nothing_to_lift() -> str:
    """/public and no text."""
    return "/public is followed by the text to send"


def how_to_lift() -> str:
    """The next thing to type."""
    return "/public TEXT"


def was_private() -> str:
    """`/cloud` alone, after a private prompt."""
    return "the last prompt is private"


def cannot_lift() -> str:
    """Where nobody can be asked."""
    return "/public asks before it sends, and nobody can be asked here"


def nothing_sent() -> str:
    """What is kept."""
    return "nothing was sent"


def at_a_terminal() -> str:
    """The next thing to type."""
    return "edge chat at a terminal"


# Before something is sent.


def would_send(host: str, model: str, messages: Sequence[Message], most: Money | None) -> str:
    """What would leave, in figures."""
    n_bytes = sum(len(message.text.encode()) for message in messages)
    count = "1 message" if len(messages) == 1 else f"{len(messages)} messages"
    price = "cost not known" if most is None else amount(most)
    costs = price if most is None or most.currency == NO_CURRENCY else f"at most {price}"
    return f"to {host}, model {model}: {count}, {show_bytes(n_bytes)}, {costs}"


def in_full(messages: Sequence[Message]) -> str:
    """What would leave, word for word; each message is set in, so that none can look like ours."""
    return "\n".join(
        f"{n}. {message.role}:\n{_set_in(message.text)}" for n, message in enumerate(messages, 1)
    )


def _set_in(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.split("\n"))


def send_it(*, seen: bool) -> str:
    """The question; v shows it all, where that was not seen."""
    return "Send it? [y/N] " if seen else "Send it? [y/N, v to see it all] "


def nobody_to_ask() -> str:
    """Something would be sent, and nobody can say yes."""
    return "nothing is sent: it would be asked first, and nobody can be asked here"


def not_sent() -> str:
    """The answer was no."""
    return "nothing is sent"
