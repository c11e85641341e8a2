"""What is said of prompts that are kept for later: `edge prompt`, `edge ask -t`, `/prompt`."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap

from edge.core.say import say

_MARK = "+++"  # around the head of a prompt; see edge.settings.prompt_text

# The list.


def headings() -> tuple[str, ...]:
    """Over the list."""
    return (say("PROMPT"), say("WHERE"), say("VARIABLES"), say("ABOUT"))


def built_in() -> str:
    """It comes with edge."""
    return say("built in")


def yours() -> str:
    """It is a file of the user's."""
    return say("yours")


def yours_instead() -> str:
    """A file of the user's hides the one that comes with edge."""
    return say("yours, in place of the built-in one")


def about(name: str) -> str:
    """What a built-in prompt is for: what its file says, in the language spoken."""
    match name:
        case "translate":
            return say("Translate between Chinese and English; into=French for another")
        case "summarise":
            return say("Summarise a text in a few points, in its own language")
        case "commit":
            return say("Write a commit message for a diff that is piped in")
        case "explain-command":
            return say("Explain a shell command, part by part, and what it can destroy")
        case _:
            return ""


def cannot_be_used(name: str, why: str) -> str:
    """A file that is no prompt."""
    return say("! {name} cannot be used: {why}", name=name, why=why)


def how_to_use() -> str:
    """Under the list."""
    return say("to use one: edge ask -t NAME 'TEXT'; to write your own: edge prompt edit NAME")


# Edited.


def skeleton(name: str) -> str:
    """What a new prompt begins as; the marks and the names before = are read by edge."""
    about = say("What {name} is for, in a few words", name=name)
    explained = say(
        "The lines after the head are the prompt. {{text}} stands for what is typed or "
        "piped in; any other {{name}} is given with --var name=VALUE, or here:"
    )
    lines = [_MARK, f'about = "{about}"', '# system = "…"', *_comment(explained)]
    return "\n".join([*lines, "# [variables]", '# tone = "…"', _MARK, "{{text}}", ""])


def _comment(text: str) -> list[str]:
    return [f"# {line}" for line in wrap(text, 76)]


def written(path: str, use: str) -> str:
    """It was edited, and can be used."""
    return say("written: {path}; to use it: {use}", path=path, use=use)


def edit_is_kept(name: str) -> str:
    """Where an edit that cannot be used waits."""
    return say(
        "what was typed is kept, and edited further with: edge prompt edit {name}", name=name
    )


# Removed.


def may_go(name: str) -> str:
    """The question before one is removed."""
    return say("Remove the prompt {name}?", name=name)


def nobody_to_ask(names: Sequence[str]) -> str:
    """Nobody is there to say yes."""
    return say("nobody is here to be asked whether {names} may go", names=", ".join(names))


def stays(name: str) -> str:
    """The user said no."""
    return say("{name} stays", name=name)


def removed(name: str) -> str:
    """It is gone."""
    return say("{name} is removed", name=name)


def built_in_again(name: str) -> str:
    """It is gone, and the one that comes with edge is in force again."""
    return say("{name} is removed; the built-in one is in force again", name=name)


# In a chat.


def how_to_send() -> str:
    """Under the list of a chat."""
    return say("/prompt NAME TEXT sends one, filled in; to write your own: edge prompt edit NAME")


def how_to_fill(name: str, wanted: Sequence[str]) -> str:
    """What to type where something is missing."""
    return " ".join(["/prompt", name, *(f"{each}=…" for each in wanted), text()])


# With `edge ask -t`.


def text() -> str:
    """Stands for what is typed after it."""
    return say("TEXT")


def not_a_variable(given: str) -> str:
    """What followed --var is no name with a value."""
    return say("--var {given} is no NAME=VALUE", given=repr(given))


def variable_twice(name: str) -> str:
    """Two values for one name."""
    return say("--var {name} is given twice", name=name)


def variables_without_a_prompt() -> str:
    """--var was given, and no -t."""
    return say("--var fills the variables of a prompt that is named with -t")
