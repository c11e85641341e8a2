"""What the terminal says to its user: every sentence of `ask`, `chat` and the first run.

One place, and each text a small function, so that another language can stand here.
"""

from __future__ import annotations

from collections.abc import Iterable

from edge.core.event import Phase, Progress, StopReason, Switched, Usage
from edge.core.spec import Thinking
from edge.core.units import show_bytes, show_duration, show_speed

# A prompt that is read in about a second needs no progress.
_WORTH_SHOWING_TOKENS = 256
_REMINDER_CHARS = 600

HELP = """\
/new            begin another conversation; this one is kept
/model [NAME]   show the models that are here, or go on with another one
/think [on|off] show or choose whether replies are thought over first
/system [TEXT]  show or change the system prompt; /system "" clears it
/stats          what the last turn took
/quit           leave; so does Ctrl-D
//text          send a text that begins with a slash
Ctrl-C stops a reply; what was shown is kept."""


# While a reply is written.


def progress(event: Progress) -> str:
    """How far a wait has come; empty when it is not worth a word."""
    if event.phase is Phase.LOAD:
        return f"loading the model: {event.done * 100 // max(event.total, 1)} %"
    if event.total < _WORTH_SHOWING_TOKENS:
        return ""
    return f"reading: {event.done} of {event.total} tokens"


def switched(event: Switched) -> str:
    """Another engine goes on."""
    return f"the {event.target} goes on ({event.reason})"


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
        case StopReason.FAILED:
            return "the reply is incomplete; what was shown is kept"
        case StopReason.END | StopReason.STOP_STRING:
            return ""


def nothing_said() -> str:
    """The reply is whole and empty."""
    return "the model answered nothing"


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


# A chat.


def header(model: str, quant: str, n_ctx: int, conversation_id: str | None) -> str:
    """Two lines on what answers, where, and what is going on."""
    talk = f"conversation {conversation_id}" if conversation_id else "a new conversation"
    return (
        f"{model} {quant}, context {n_ctx} tokens, offline: nothing leaves this machine\n"
        f"{talk}; /help shows the commands, Ctrl-D leaves"
    )


def earlier_turn(prompt: str, reply: str) -> str:
    """A turn of before, cut to what is needed to remember it."""
    return f"> {_cut(prompt)}\n{_cut(reply)}"


def how_to_leave() -> str:
    """Answers Ctrl-C where there is nothing to stop."""
    return "Ctrl-D leaves"


def kept_as(conversation_id: str) -> str:
    """Said when leaving."""
    return f"kept; to go on: edge chat --conversation {conversation_id}"


def new_conversation(old_id: str | None) -> str:
    """Answers /new."""
    return f"a new conversation; {old_id} is kept" if old_id else "this conversation is new"


def no_such_command(name: str) -> str:
    """A slash and an unknown word."""
    return f"there is no command {name}"


def nearest_command(near: str, line: str) -> str:
    """What may have been meant."""
    return f"{near}, or /{line} to send it as text"


def models_here(names: Iterable[str], current: str) -> str:
    """Answers /model."""
    return "\n".join(f"{'*' if name == current else ' '} {name}" for name in names)


def model_now(name: str) -> str:
    """Answers /model NAME."""
    return f"{name} answers from now on"


def already_answering(name: str) -> str:
    """Answers /model NAME for the model that is open."""
    return f"{name} is answering already"


def thinking_now(kind: Thinking, thinks: bool) -> str:
    """Answers /think."""
    if kind is Thinking.NEVER:
        return "this model does not think before it answers"
    if kind is Thinking.ALWAYS:
        return "this model always thinks before it answers"
    return f"thinking is {'on' if thinks else 'off'}"


def how_to_think() -> str:
    """The next thing to type."""
    return "/think on"


def on_or_off() -> str:
    """/think and something else."""
    return "/think is followed by on or off"


def system_now(text: str) -> str:
    """Answers /system."""
    return f"the system prompt is: {text}" if text else "there is no system prompt"


def no_turn_yet() -> str:
    """Answers /stats before the first reply."""
    return "no turn has been answered yet"


def stats(usage: Usage, n_ctx: int, conversation_id: str) -> str:
    """Answers /stats: the last turn in figures."""
    held = usage.prompt_tokens + usage.completion_tokens
    speed = usage.completion_tokens / usage.decode_s if usage.decode_s else 0.0
    return (
        f"prompt {usage.prompt_tokens} tokens, {usage.cached_tokens} of them cached; "
        f"reply {usage.completion_tokens} tokens at {show_speed(speed)}; "
        f"first text after {show_duration(usage.ttft_s)}\n"
        f"context {held} of {n_ctx} tokens ({held * 100 // n_ctx} %); "
        f"conversation {conversation_id}"
    )


def _cut(text: str) -> str:
    text = text.strip()
    return text if len(text) <= _REMINDER_CHARS else f"{text[:_REMINDER_CHARS]}…"


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
