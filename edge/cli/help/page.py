"""How the help of the commands is laid out: in groups, and with lines to try."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from edge.cli.help.examples import EXAMPLES
from edge.cli.words import help as words


def with_examples(command: Any, path: str) -> Any:
    """A command whose help ends with lines to try; its subcommands likewise."""
    if lines := EXAMPLES.get(path):
        command.format_epilog = _writing(lines)
    for name, one in getattr(command, "commands", {}).items():
        with_examples(one, f"{path} {name}")
    return command


def write_groups(formatter: Any, helps: Sequence[tuple[str, str]]) -> None:
    """Write the commands, each with its help, under the headings they belong to."""
    longest = max(len(name) for name, _ in helps)
    for heading, rows in _grouped(dict(helps)):
        with formatter.section(heading):
            formatter.write_dl([(name.ljust(longest), said) for name, said in rows])


def write_first_examples(formatter: Any) -> None:
    """What to begin with."""
    with formatter.section(words.examples()):
        formatter.write_dl(list(words.first_examples()), col_max=40)


def _grouped(helps: dict[str, str]) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    rest = dict(helps)
    for heading, names in words.groups():
        yield heading, [(name, rest.pop(name)) for name in names if name in rest]
    if rest:
        yield words.other_commands(), list(rest.items())


def _writing(lines: Sequence[str]) -> Callable[[Any, Any], None]:
    def write(_: Any, formatter: Any) -> None:
        with formatter.section(words.examples()):
            for line in lines:
                formatter.write(f"{'':>{formatter.current_indent}}{line}\n")

    return write
