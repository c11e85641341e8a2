"""What a talk with a cloud behind it says beside the replies: who answers, what may leave."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_CEILING, Decimal

from edge.cli.why.otherwise import Otherwise, took_s
from edge.core.cloud import CloudMode
from edge.core.decision import Target
from edge.core.event import Attempt, Usage
from edge.core.message import Label, Message
from edge.core.say import say, say_n
from edge.core.units import NO_CURRENCY, Money, show_bytes, show_duration, show_speed

_DOT = " · "

# Who answers.


def name(target: Target) -> str:
    """An engine, as its user calls it."""
    return say("device") if target is Target.EDGE else say("cloud")


def header(model: str, host: str, mode: CloudMode, policy: str) -> str:
    """Which cloud stands behind the device, and what decides."""
    return say(
        "cloud {model} at {host}, mode {mode}, policy {policy}",
        model=model,
        host=host,
        mode=mode,
        policy=policy,
    )


def begins(label: Label) -> str:
    """How the prompts of this conversation begin."""
    if label is Label.PRIVATE:
        return say("this conversation is private: nothing of it leaves this machine")
    return say(
        "this conversation is public: what is not found private may be sent; /private locks it"
    )


def answered_by(attempts: Sequence[Attempt], host: str) -> str:
    """Below an answer: who wrote it, in how long, and for how much."""
    wrote = [attempt for attempt in attempts if attempt.shown and attempt.spans]
    return say(", then ").join(_wrote(attempt, host) for attempt in wrote)


def _wrote(attempt: Attempt, host: str) -> str:
    took = took_s(attempt.usage)
    shown = [show_duration(took)] if took else []
    if attempt.decision.target is Target.EDGE:
        return _DOT.join([say("device"), *shown])
    who = say("cloud {model}", model=attempt.model)
    return _DOT.join([who, *shown, cost(attempt), host])


def cost(attempt: Attempt) -> str:
    """What the cloud's share cost; where the provider did not count it, at most."""
    if attempt.usage.cost is not None:
        return amount(attempt.usage.cost)
    most = attempt.decision.signals.cloud_cost
    return say("cost not known") if most is None else at_most(most)


def at_most(money: Money) -> str:
    """The most something can cost."""
    return say("at most {amount}", amount=amount(money))


def amount(money: Money) -> str:
    """Money for the eye: two digits that mean something, rounded up.

    >>> amount(Money(Decimal("0.001083"), "CNY")), amount(Money(Decimal("12.3401"), "CNY"))
    ('0.0011 CNY', '12.35 CNY')
    """
    if money.currency == NO_CURRENCY:
        return say("no price given")
    last = min(-2, money.amount.adjusted() - 1) if money.amount else 0
    shown = money.amount.quantize(Decimal(1).scaleb(last), ROUND_CEILING)
    return str(Money(shown, money.currency))


# --stats and /stats.


def stats(attempts: Sequence[Attempt]) -> str:
    """What a turn took, and what the other engine would have taken."""
    read = [attempt for attempt in attempts if attempt.shown] or attempts
    return say("; then ").join(map(share, read))


def share(attempt: Attempt, *, was_sent: bool = True) -> str:
    """One engine's part of it."""
    others = [otherwise(instead)] if (instead := Otherwise.of(attempt)) else []
    costs = [cost(attempt)] if attempt.decision.target is Target.CLOUD and was_sent else []
    return say(
        "{model} {where}: {took}",
        model=attempt.model,
        where=where(attempt.decision.target),
        took=say("; ").join([usage(attempt.usage), *costs, *others]),
    )


def where(target: Target) -> str:
    """Where an engine answers."""
    return say("on the device") if target is Target.EDGE else say("in the cloud")


def usage(used: Usage) -> str:
    """Tokens and times; a share that was cut was not counted."""
    if not used.prompt_tokens:
        return say("its tokens were not counted")
    speed = used.completion_tokens / used.decode_s if used.decode_s else 0.0
    return say(
        "prompt {prompt} tokens, {cached} of them cached; "
        "reply {reply} tokens at {speed}; first text after {wait}",
        prompt=used.prompt_tokens,
        cached=used.cached_tokens,
        reply=used.completion_tokens,
        speed=show_speed(speed),
        wait=show_duration(used.ttft_s),
    )


def otherwise(instead: Otherwise) -> str:
    """What the other engine would have taken and cost."""
    if instead.too_long:
        return say("{where} it would not have fitted", where=where(instead.target))
    parts = [] if instead.seconds is None else [_about(instead.seconds)]
    parts += [] if instead.most is None else [at_most(instead.most)]
    took = say(", ").join(parts) or say("not measured yet")
    return say("{where} {took}", where=where(instead.target), took=took)


def _about(seconds: float) -> str:
    return say("about {time}", time=show_duration(seconds))


# The commands of a chat.


def cloud_is_off() -> str:
    """There is no cloud to ask."""
    return say("the cloud is off")


def turn_it_on() -> str:
    """The same, with what to type."""
    return say("the cloud is off; edge cloud login turns it on")


def device_anyway() -> str:
    """/edge, where nobody else could answer."""
    return say("every turn is the device's: {why}", why=turn_it_on())


def locked() -> str:
    """Answers /private."""
    return say("this conversation is private from now on; that cannot be taken back")


def nothing_to_lift() -> str:
    """/public and no text."""
    return say("/public is followed by the text to send")


def how_to_lift() -> str:
    """The next thing to type."""
    return "/public TEXT"


def was_private() -> str:
    """`/cloud` alone, after a private prompt."""
    return say("the last prompt is private")


def cannot_lift() -> str:
    """Where nobody can be asked."""
    return say("/public asks before it sends, and nobody can be asked here")


def nothing_sent() -> str:
    """What is kept."""
    return say("nothing was sent")


def at_a_terminal() -> str:
    """The next thing to type."""
    return say("edge chat at a terminal")


# Before something is sent.


def would_send(host: str, model: str, messages: Sequence[Message], most: Money | None) -> str:
    """What would leave, in figures."""
    n_bytes = sum(len(message.text.encode()) for message in messages)
    if most is None:
        costs = say("cost not known")
    else:
        costs = amount(most) if most.currency == NO_CURRENCY else at_most(most)
    return say(
        "to {host}, model {model}: {count}, {size}, {costs}",
        host=host,
        model=model,
        count=say_n("1 message", "{n} messages", len(messages)),
        size=show_bytes(n_bytes),
        costs=costs,
    )


def in_full(messages: Sequence[Message]) -> str:
    """What would leave, word for word; each message is set in, so that none can look like ours."""
    return "\n".join(
        f"{n}. {message.role}:\n{_set_in(message.text)}" for n, message in enumerate(messages, 1)
    )


def _set_in(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.split("\n"))


def send_it(*, seen: bool) -> str:
    """The question; v shows it all, where that was not seen."""
    return say("Send it? [y/N] ") if seen else say("Send it? [y/N, v to see it all] ")


def nobody_to_ask() -> str:
    """Something would be sent, and nobody can say yes."""
    return say("nothing is sent: it would be asked first, and nobody can be asked here")


def not_sent() -> str:
    """The answer was no."""
    return say("nothing is sent")
