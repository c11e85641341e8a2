"""What is said of a prompt that is none."""

from __future__ import annotations

from edge.core.say import say


def no_prompt() -> str:
    """Neither words nor standard input."""
    return say("there is no prompt")


def empty_prompt() -> str:
    """Nothing but white space."""
    return say("the prompt is empty")


def the_name() -> str:
    """The name of a name that is typed."""
    return say("the name")


def the_id() -> str:
    """The name of an id that is typed."""
    return say("the id")


def the_line() -> str:
    """The name of a line that is typed in a chat."""
    return say("the line")


def how_to_ask() -> str:
    """The next thing to type."""
    return 'edge ask "a question"'


def not_unicode(what: str, position: int) -> str:
    """What was typed is no text; `what` names it."""
    return say("{what} is not UTF-8 text at character {position}", what=what, position=position)
