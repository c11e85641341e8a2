"""The help of commands in the language of the interface.

A command's texts stand in English where it is declared: its docstring, and the `help`
of its parameters. They are said when the command is looked up, so a process may speak
another language than the one it was started in.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import typer

from edge.core.say import say, say_noted

_DEFAULT = re.compile(r"default: ([^\];]*)")


def spoken(command: Any) -> Any:
    """A command, fresh from Typer, with all its help in the language spoken now."""
    command.help = say_noted(command.help)
    if not (command.help or "").isascii():
        # Typer looks for the end of a sentence as English has it.
        command.short_help = command.help.partition("\n")[0].partition("。")[0]
    command.epilog = say_noted(command.epilog)
    command.context_class = SpokenContext
    for parameter in command.params:
        parameter.help = say_noted(parameter.help)
    for one in getattr(command, "commands", {}).values():
        spoken(one)
    return command


class SpokenFormatter(typer.Context.formatter_class):  # type: ignore[misc, valid-type]
    """Lays a help page out: our words for its headings, and lines as wide as they look."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """The first line."""
        super().write_usage(prog, args, say("Usage: ") if prefix is None else prefix)

    def write_heading(self, heading: str) -> None:
        """The name of a section."""
        names = {
            "Options": say("Options"),
            "Arguments": say("Arguments"),
            "Commands": say("Commands"),
        }
        said = say("{heading}:", heading=names.get(heading, heading))
        self.write(f"{'':>{self.current_indent}}{said}\n")

    def write_text(self, text: str) -> None:
        """A paragraph."""
        super().write_text(_as_wide(text, self.width - self.current_indent))

    def write_dl(
        self, rows: Sequence[tuple[str, str]], col_max: int = 30, col_spacing: int = 2
    ) -> None:
        """What can be typed, beside what it does."""
        rows = list(rows)
        first = min(max((len(left) for left, _ in rows), default=0), col_max) + col_spacing
        room = max(self.width - first - 2, 10)
        told = [(left, _as_wide(_extras(right), room)) for left, right in rows]
        super().write_dl(told, col_max, col_spacing)


class SpokenContext(typer.Context):
    """What a command is run in; its help is laid out as above."""

    formatter_class = SpokenFormatter


def _extras(text: str) -> str:
    """What Typer says of its own, or adds to a text of ours, in our language, too."""
    text = {
        "Show this message and exit.": say("Show this message and exit."),
        "Install completion for the current shell.": say("Set up completion for this shell."),
        "Show completion for the current shell, to copy it or customize the installation.": say(
            "Show what completion for this shell takes, to install it by hand."
        ),
    }.get(text, text)
    text = _DEFAULT.sub(lambda found: say("default: {value}", value=found[1]), text)
    return text.replace("[required]", f"[{say('required')}]")


def _as_wide(text: str, room: int) -> str:
    """A text whose lines are broken already, where a sign is wider than a letter."""
    if text.isascii():
        return text
    from edge.cli.page.wrap import in_lines

    paragraphs = (" ".join(part.split()) for part in text.split("\n\n"))
    # A backspace on a line of its own keeps the lines of a paragraph as they are.
    return "\n\n".join("\b\n" + "\n".join(in_lines(part, room)) for part in paragraphs if part)
