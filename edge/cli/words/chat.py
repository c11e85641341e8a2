"""What a chat says to its user beside the replies; each text a small function, as in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from edge.core.spec import Thinking

_OPENING_CHARS = 60

HELP = """\
/new            begin another conversation
/load [ID]      show the conversations used last, or go on with one of them
/model [NAME]   show the models that are here, or go on with another one
/think [on|off] show or choose whether replies are thought over first
/system [TEXT]  show or change the system prompt; /system "" clears it
/private        lock this conversation: nothing of it ever leaves this machine
/public TEXT    send this one text from a private talk; it is shown and asked first
/edge [TEXT]    ask the device, for this turn; alone: the last prompt again
/cloud [TEXT]   ask the cloud, for this turn, where it may be; alone: the last prompt again
/stats          what the last turn took
/why            why the last turn went where it went, and what left this machine
/quit           leave; so does Ctrl-D
//text          send a text that begins with a slash
Ctrl-C stops a reply; what was shown is kept."""


def header(model: str, quant: str, n_ctx: int, cloud: str = "") -> str:
    """What answers, and where; `cloud` is what stands behind it, if anything does."""
    behind = f"; {cloud}" if cloud else ", offline: nothing leaves this machine"
    return f"{model} {quant}, context {n_ctx} tokens{behind}"


def going_on(conversation_id: str | None, *, saved: bool) -> str:
    """What the talk is, below the header."""
    new = "a new conversation" if saved else "a new conversation that is not kept"
    talk = f"conversation {conversation_id}" if conversation_id else new
    return f"{talk}; /help shows the commands, Ctrl-D leaves"


def how_to_leave() -> str:
    """Answers Ctrl-C where there is nothing to stop."""
    return "Ctrl-D leaves"


def farewell(conversation_id: str, *, saved: bool) -> str:
    """Said when leaving."""
    if not saved:
        return "nothing of this talk is kept"
    return f"kept; to go on: edge chat --conversation {conversation_id}"


def new_conversation(old_id: str | None, *, saved: bool) -> str:
    """Answers /new."""
    if old_id is None:
        return "this conversation is new"
    old = f"{old_id} is kept" if saved else f"until you leave, /load {old_id} goes back"
    return f"a new conversation; {old}"


def conversations_here(openings: Mapping[str, str], current: str | None) -> str:
    """Answers /load: the conversations by id, each with how its first prompt begins."""
    lines = (
        f"{'*' if name == current else ' '} {name}  {_in_short(opening)}"
        for name, opening in openings.items()
    )
    return "\n".join(lines) or "there is no conversation yet"


def conversation_now(conversation_id: str) -> str:
    """Answers /load ID; its last turns follow."""
    return f"conversation {conversation_id} goes on"


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


def room(held_tokens: int, n_ctx: int, conversation_id: str) -> str:
    """Answers /stats, below what the last turn took; the device may not have read it."""
    talk = f"conversation {conversation_id}"
    if not held_tokens:
        return talk
    return f"context {held_tokens} of {n_ctx} tokens ({held_tokens * 100 // n_ctx} %); {talk}"


def _in_short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _OPENING_CHARS else f"{line[:_OPENING_CHARS]}…"
