"""`edge policy edit`: the user's editor on a copy, which counts once it can be used."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from edge.cli.editor import run_editor
from edge.cli.words import policy_command as words
from edge.core.errors import UsageError
from edge.core.say import say
from edge.routing.policy_file import USUAL, load_policy, policy_text, read_text
from edge.settings.config_file import write_private


def edit_policy(path: Path, environ: Mapping[str, str] = os.environ) -> str:
    """Edit the policy at `path`, or the usual one where there is none; says what happened.

    Raises UsageError when no editor can be run, or its text is no policy; the text
    is then kept beside the file, and edited further the next time.
    """
    draft = path.with_name(f"{path.stem}.draft.toml")
    before = read_text(path) if path.exists() else policy_text(USUAL)
    if not draft.exists():
        write_private(draft, before)
    run_editor(draft, environ)
    text = read_text(draft)
    if text == before and path.exists():
        draft.unlink()
        return words.unchanged()
    try:
        load_policy(text, str(draft))
    except UsageError as error:
        raise UsageError(
            error.message,
            hint=say("{hint}; edge policy edit", hint=error.hint),
            kept=words.edit_is_kept(draft.name),
        ) from error
    write_private(path, text)
    draft.unlink()
    return words.written(str(path))
