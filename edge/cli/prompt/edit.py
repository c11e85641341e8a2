"""Edits and removes prompts of the user's own."""

from __future__ import annotations

from collections.abc import Sequence

from edge.cli.editor import edit
from edge.cli.progress import can_ask, confirm
from edge.cli.words import prompt as words
from edge.cli.words import terminal as terminal_words
from edge.core.errors import Cancelled, UnknownName, UsageError
from edge.settings.config_file import write_private
from edge.settings.folders import Folders
from edge.settings.prompt_text import read_text
from edge.settings.prompts import (
    BUILT_IN,
    draft_path,
    own_path,
    remove_template,
    template_text,
    write_template,
)


def edit_prompt(name: str, folders: Folders) -> str:
    """Let the user edit a prompt, or a new one; says what happened.

    Raises UsageError when the editor fails, or what it leaves is no prompt: that is
    kept beside the file, and edited further the next time.
    """
    draft, before = draft_path(name, folders), _begun(name, folders)
    waiting = draft.read_text("utf-8") if draft.exists() else None
    edited = edit(before if waiting is None else waiting)
    if edited is None and waiting is None:
        return terminal_words.edit_unchanged()
    if edited == "":
        draft.unlink(missing_ok=True)
        return terminal_words.edit_emptied()
    text = edited if edited is not None else waiting or ""
    try:
        path = write_template(name, text, folders)
    except UsageError as error:
        write_private(draft, text)
        error.kept = words.edit_is_kept(name)
        raise
    draft.unlink(missing_ok=True)
    return words.written(str(path), _use(name, text))


def ask_whether(names: Sequence[str]) -> None:
    """Ask before prompts are removed; raises Cancelled, and UsageError where nobody can say."""
    if not can_ask():
        raise UsageError(words.nobody_to_ask(names), hint=f"edge prompt rm --yes {' '.join(names)}")
    for name in names:
        if not confirm(words.may_go(name)):
            raise Cancelled(words.stays(name))


def remove_prompt(name: str, folders: Folders) -> str:
    """Remove one of the user's prompts, and what was begun of it; says what happened."""
    remove_template(name, folders)
    draft_path(name, folders).unlink(missing_ok=True)
    return words.built_in_again(name) if name in BUILT_IN else words.removed(name)


def _begun(name: str, folders: Folders) -> str:
    """What an edit begins with: the prompt as it is, or the frame of a new one."""
    own_path(name, folders)  # refuses what can be no name
    try:
        return template_text(name, folders)
    except UnknownName:
        return words.skeleton(name)


def _use(name: str, text: str) -> str:
    given = "".join(f" --var {each}=…" for each in read_text(name, text, name).wanted)
    return f"edge ask -t {name}{given} '{words.text()}'"
