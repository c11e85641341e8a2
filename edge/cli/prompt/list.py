"""The list of prompts, as a table and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from edge.cli.page.wrap import beside
from edge.cli.progress import tell
from edge.cli.table import show_table
from edge.cli.words import prompt as words
from edge.core.errors import EdgeError
from edge.settings.prompt_text import Template
from edge.settings.prompts import BUILT_IN, Listed


def show_list(found: Sequence[Listed]) -> None:
    """Print the prompts that can be used, then on standard error those that cannot."""
    rows = [_row(each, each.found) for each in found if isinstance(each.found, Template)]
    show_table(words.headings(), rows)
    for each in found:
        if isinstance(each.found, EdgeError):
            tell(words.cannot_be_used(each.name, each.found.message))
    tell(words.how_to_use())


def in_short(found: Sequence[Listed], width: int) -> str:
    """The prompts as a chat lists them: what to type, and what each is for."""
    rows = [(_typed(each), _about(each)) for each in found]
    return "\n".join([*beside(rows, width), words.how_to_send()])


def entry(listed: Listed) -> dict[str, Any]:
    """One prompt for programs; `error` is null unless its file is no prompt."""
    found = listed.found
    template = found if isinstance(found, Template) else None
    return {
        "name": listed.name,
        "built_in": listed.is_ours,
        "path": str(listed.path),
        "about": template.about if template else None,
        "system": template.system if template else None,
        "prompt": template.prompt if template else None,
        "variables": list(template.variables) if template else None,
        "defaults": dict(template.defaults) if template else None,
        "wanted": list(template.wanted) if template else None,
        "error": found.message if isinstance(found, EdgeError) else None,
    }


def _row(listed: Listed, template: Template) -> tuple[str, ...]:
    return (listed.name, _where(listed), " ".join(_variables(template)), _about(listed))


def _typed(listed: Listed) -> str:
    wanted = listed.found.wanted if isinstance(listed.found, Template) else ()
    return " ".join([listed.name, *(f"{name}=…" for name in wanted)])


def _about(listed: Listed) -> str:
    """What it is for, or why it cannot be used."""
    if isinstance(listed.found, EdgeError):
        return words.cannot_be_used(listed.name, listed.found.message)
    return words.about(listed.name) if listed.is_ours else listed.found.about


def _variables(template: Template) -> list[str]:
    """Names; those that must be given are followed by "=", as --var takes them."""
    return [f"{name}=" if name in template.wanted else name for name in template.variables]


def _where(listed: Listed) -> str:
    if listed.is_ours:
        return words.built_in()
    return words.yours_instead() if listed.name in BUILT_IN else words.yours()
