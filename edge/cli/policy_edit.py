"""`edge policy edit`: the user's editor on a copy, which counts once it can be used."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path

from edge.cli.words import policy_command as words
from edge.core.errors import UsageError
from edge.routing.policy_file import USUAL, load_policy, policy_text, read_text
from edge.settings.config_file import write_private
from edge.settings.keys import without_keys


def edit_policy(path: Path, environ: Mapping[str, str] = os.environ) -> str:
    """Edit the policy at `path`, or the usual one where there is none; says what happened.

    Raises UsageError when no editor can be run, or its text is no policy; the text
    is then kept beside the file, and edited further the next time.
    """
    draft = path.with_name(f"{path.stem}.draft.toml")
    before = read_text(path) if path.exists() else policy_text(USUAL)
    if not draft.exists():
        write_private(draft, before)
    _run_editor(draft, environ)
    text = read_text(draft)
    if text == before and path.exists():
        draft.unlink()
        return words.unchanged()
    try:
        load_policy(text, str(draft))
    except UsageError as error:
        raise UsageError(
            error.message,
            hint=f"{error.hint}; edge policy edit",
            kept=words.edit_is_kept(draft.name),
        ) from error
    write_private(path, text)
    draft.unlink()
    return words.written(str(path))


def _run_editor(path: Path, environ: Mapping[str, str]) -> None:
    editor = environ.get("VISUAL") or environ.get("EDITOR")
    if not editor:
        raise UsageError(words.no_editor(), hint=f"export EDITOR=nano, or edit {path}")
    try:
        command = [*shlex.split(editor), str(path)]
        done = subprocess.run(command, check=False, env=without_keys(os.environ))
    except (OSError, ValueError) as cause:
        raise UsageError(words.editor_failed(editor), hint="export EDITOR=nano") from cause
    if done.returncode:
        raise UsageError(words.editor_failed(editor), hint="export EDITOR=nano")
