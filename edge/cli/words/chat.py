"""What a chat says to its user beside the replies; each text a small function, as in words."""

from __future__ import annotations

from collections.abc import Iterable

from edge.cli.page.thinking import Thinking as Shown
from edge.core.say import say
from edge.core.spec import Thinking

_LONGEST_AGAIN = 60  # letters of what was typed that are worth saying again


def header(model: str, quant: str, n_ctx: int, cloud: str = "") -> str:
    """What answers, and where; `cloud` is what stands behind it, if anything does."""
    here = say("{model} {quant}, context {n_ctx:,} tokens", model=model, quant=quant, n_ctx=n_ctx)
    if cloud:
        return say("; ").join([here, cloud])
    return say("{here}, offline: nothing leaves this machine", here=here)


def going_on(conversation_id: str | None, *, saved: bool) -> str:
    """What the talk is, below the header."""
    new = say("a new conversation") if saved else say("a new conversation that is not kept")
    talk = say("conversation {id}", id=conversation_id) if conversation_id else new
    return say("{talk}; /help shows the commands, Ctrl-D leaves", talk=talk)


def how_to_leave() -> str:
    """Answers Ctrl-C where there is nothing to stop."""
    return say("Ctrl-D leaves")


def farewell(conversation_id: str, *, saved: bool) -> str:
    """Said when leaving."""
    if not saved:
        return say("nothing of this talk is kept")
    return say("kept; to go on: edge chat --conversation {id}", id=conversation_id)


def new_conversation(old_id: str | None, *, saved: bool) -> str:
    """Answers /new."""
    if old_id is None:
        return say("this conversation is new")
    if saved:
        return say("a new conversation; {id} is kept", id=old_id)
    return say("a new conversation; until you leave, /load {id} goes back", id=old_id)


def no_conversation_yet() -> str:
    """Answers /list where nothing was kept."""
    return say("there is no conversation yet")


def conversation_now(conversation_id: str) -> str:
    """Answers /load ID; its last turns follow."""
    return say("conversation {id} goes on", id=conversation_id)


def no_such_command(name: str) -> str:
    """A slash and an unknown word."""
    return say("there is no command {name}", name=name[:_LONGEST_AGAIN])


def nearest_command(near: str, line: str) -> str:
    """What may have been meant."""
    if len(line) > _LONGEST_AGAIN or "\n" in line:
        return say("{near}, or one more slash before it to send it as text", near=near)
    return say("{near}, or /{line} to send it as text", near=near, line=line)


def models_here(names: Iterable[str], current: str) -> str:
    """Answers /model."""
    return "\n".join(f"{'*' if name == current else ' '} {name}" for name in names)


def model_now(name: str) -> str:
    """Answers /model NAME."""
    return say("{name} answers from now on", name=name)


def already_answering(name: str) -> str:
    """Answers /model NAME for the model that is open."""
    return say("{name} is answering already", name=name)


def thinking_now(kind: Thinking, thinks: bool) -> str:
    """Answers /think."""
    if kind is Thinking.NEVER:
        return say("this model does not think before it answers")
    if kind is Thinking.ALWAYS:
        return say("this model always thinks before it answers")
    return say("thinking is on") if thinks else say("thinking is off")


def thoughts_now(shown: Shown) -> str:
    """Below that: how what it thinks is shown."""
    match shown:
        case Shown.HIDE:
            return say("what it thinks is not shown; /think show, /think fold")
        case Shown.SHOW:
            return say("what it thinks is shown; /think fold, /think hide")
        case Shown.FOLD:
            return say("what it thinks is folded into a line; /think show, /think hide")


def no_way_to_think(typed: str) -> str:
    """/think and something else."""
    return say("{typed} is none of on, off, show, fold and hide", typed=repr(typed))


def system_now(text: str) -> str:
    """Answers /system."""
    if not text:
        return say("there is no system prompt")
    return say("the system prompt is: {text_now}", text_now=text)


def no_title() -> str:
    """/rename alone."""
    return say("there is no title to give")


def how_to_name() -> str:
    """The next thing to type."""
    return say("/rename A TITLE, once something was said")


def named(title: str) -> str:
    """Answers /rename."""
    return say("this conversation is called {title}", title=title)


def no_turn_yet() -> str:
    """Answers /stats before the first reply."""
    return say("no turn has been answered yet")


def room(held_tokens: int, n_ctx: int, conversation_id: str) -> str:
    """Answers /stats, below what the last turn took; the device may not have read it."""
    if not held_tokens:
        return say("conversation {id}", id=conversation_id)
    return say(
        "context {held:,} of {n_ctx:,} tokens ({percent} %); conversation {id}",
        held=held_tokens,
        n_ctx=n_ctx,
        percent=held_tokens * 100 // n_ctx,
        id=conversation_id,
    )
