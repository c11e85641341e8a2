"""The headings of tables that have no other words."""

from __future__ import annotations

from edge.core.say import say


def cloud_models() -> tuple[str, ...]:
    """Of `edge cloud models`."""
    return (say("MODEL"), say("CONTEXT"), say("REPLY"), say("PRICE"), say("IN USE"))


def price(per_million_in: object, per_million_out: object) -> str:
    """What a model costs, in a cell."""
    return say("{input} in, {output} out", input=per_million_in, output=per_million_out)


def cloud_prices() -> tuple[str, ...]:
    """Of `edge cloud prices`."""
    return (
        say("MODEL"),
        say("REGION"),
        say("INPUT UP TO"),
        say("IN"),
        say("OUT"),
        say("THINKING"),
        say("AS OF"),
        say("SOURCE"),
    )


def bench() -> tuple[str, ...]:
    """Of `edge bench`."""
    return (say("WHAT"), say("RAW"), say("EDGE"), say("RATIO"), say("WAS"), say("UNIT"))


def bench_turns() -> tuple[str, ...]:
    """Of the turns of its talk."""
    return (
        say("TURN"),
        say("NEW"),
        say("CACHED"),
        say("RAW ms"),
        say("EDGE ms"),
        say("RATIO"),
    )


def cases() -> tuple[str, ...]:
    """Of `edge policy test`."""
    return (say("CASE"), say("HOLDS"), say("TARGET"), say("BY"), say("MISSED"))


def holds(*, missed: bool) -> str:
    """Whether a case holds; what does not is seen from afar."""
    return say("NO") if missed else say("yes")


def decisions() -> tuple[str, ...]:
    """Of `edge policy replay`."""
    return (say("TURN"), say("N"), say("WAS"), say("BY"), say("NOW"), say("BY"))


def status(name: str) -> str:
    """A row of `edge cloud status`."""
    names = {
        "mode": say("mode"),
        "provider": say("provider"),
        "model": say("model"),
        "key": say("key"),
        "policy": say("policy"),
        "new": say("new conversations"),
        "budget": say("budget"),
        "detectors": say("detectors"),
    }
    return names.get(name, name)
