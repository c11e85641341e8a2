"""What /help says of the commands of a chat, each in a few words."""

from __future__ import annotations

from collections.abc import Iterable

from edge.cli.page.wrap import beside
from edge.core.say import say


def help_() -> str:
    """Of /help."""
    return say("show what can be typed")


def new() -> str:
    """Of /new."""
    return say("begin another conversation")


def retry() -> str:
    """Of /retry."""
    return say("ask the last prompt again; with a name, another model")


def edit() -> str:
    """Of /edit."""
    return say("say the last prompt, or the Nth, otherwise; the old one is kept")


def undo() -> str:
    """Of /undo."""
    return say("take the last turn back; it is kept as a branch")


def branch() -> str:
    """Of /branch."""
    return say("show the turns by number, or go on behind one of them")


def branches() -> str:
    """Of /branches."""
    return say("show the branches of this talk, or go to one of them")


def pin() -> str:
    """Of /pin."""
    return say("never leave the last turn, or the Nth, out of the context")


def unpin() -> str:
    """Of /unpin."""
    return say("leave it out again when it is the oldest")


def context() -> str:
    """Of /context."""
    return say("how full the context is, and what becomes of the oldest turns")


def list_() -> str:
    """Of /list."""
    return say("show the conversations used last")


def rename() -> str:
    """Of /rename."""
    return say("give this conversation a name")


def search() -> str:
    """Of /search."""
    return say("find words in all that was ever said")


def export() -> str:
    """Of /export."""
    return say("write this conversation into a file")


def load() -> str:
    """Of /load."""
    return say("go on with another conversation")


def model() -> str:
    """Of /model."""
    return say("show the models that are here, or go on with another one")


def think() -> str:
    """Of /think."""
    return say("whether replies are thought over first, and how that is shown")


def system() -> str:
    """Of /system."""
    return say('show or change the system prompt; /system "" clears it')


def file() -> str:
    """Of /file."""
    return say("take a text file along with the next prompt; its size is shown first")


def prompt() -> str:
    """Of /prompt."""
    return say("show the prompts that are kept, or send one of them, filled in")


def private() -> str:
    """Of /private."""
    return say("lock this conversation: nothing of it ever leaves this machine")


def public() -> str:
    """Of /public."""
    return say("send this one text from a private talk; it is shown and asked first")


def edge() -> str:
    """Of /edge."""
    return say("ask the device, for this turn; alone: the last prompt again")


def cloud() -> str:
    """Of /cloud."""
    return say("ask the cloud, for this turn, where it may be; alone: the last prompt again")


def stats() -> str:
    """Of /stats."""
    return say("what the last turn took")


def why() -> str:
    """Of /why."""
    return say("why the last turn went where it went, and what left this machine")


def quit_() -> str:
    """Of /quit."""
    return say("leave; so does Ctrl-D")


def literal() -> tuple[str, str]:
    """Of a text that begins with a slash: what to type, and what it does."""
    return say("//text"), say("send a text that begins with a slash")


def interrupting() -> str:
    """Below the commands."""
    return say("Ctrl-C stops a reply; what was shown is kept.")


def one(row: tuple[str, str], width: int) -> str:
    """What can be typed beside what it does, of one command."""
    return "\n".join(beside([row], width))


def table(rows: Iterable[tuple[str, str]], width: int) -> str:
    """What can be typed beside what it does, and what interrupts it.

    >>> print(table([("/new", "begin")], width=80).splitlines()[0])
    /new    begin
    """
    return "\n".join([*beside([*rows, literal()], width), interrupting()])
