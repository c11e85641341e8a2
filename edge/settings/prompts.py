"""The prompts that are kept for later: the user's own files, and those that come with edge."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from edge.core.errors import EdgeError, UnknownName, UsageError
from edge.core.say import say
from edge.settings.config_file import write_private
from edge.settings.folders import Folders, cannot_write
from edge.settings.language import choose_language
from edge.settings.prompt_text import Rendered, Template, read_text, render
from edge.settings.table import near

BUILT_IN = ("translate", "summarise", "commit", "explain-command")
_LANGUAGES = {"en": "English", "zh_CN": "Chinese"}  # as a model is told of them
_OURS = Path(__file__).parents[1] / "prompts"
# A word of any script: it is a file's name, and typed on a command line.
_NAME = re.compile(r"\w[\w.-]{0,63}")


@dataclass(frozen=True, slots=True)
class Listed:
    """One prompt of the list: what it holds, or why it cannot be used."""

    name: str
    path: Path
    found: Template | EdgeError

    @property
    def is_ours(self) -> bool:
        """Whether it comes with edge."""
        return self.path.parent == _OURS


def render_template(
    name: str, variables: Mapping[str, str], text: str, folders: Folders
) -> Rendered:
    """The prompt of that name, filled in with variables and a text.

    Raises UnknownName with near names, and UsageError for a file that is no prompt or
    variables that do not fit.
    """
    mine = _LANGUAGES[choose_language(folders=folders)]
    return render(find_template(name, folders), variables, text, mine)


def find_template(name: str, folders: Folders) -> Template:
    """The prompt of that name, the user's own first; raises as `render_template`."""
    return read_text(name, template_text(name, folders), str(path_of(name, folders)))


def template_text(name: str, folders: Folders) -> str:
    """The text of its file; raises UnknownName, and UsageError where it cannot be read."""
    path = path_of(name, folders)
    try:
        return path.read_bytes().decode("utf-8-sig")
    except (FileNotFoundError, NotADirectoryError) as cause:
        raise _no_such_prompt(name, folders) from cause
    except OSError as cause:
        raise UsageError(
            say("cannot read {path}: {why}", path=repr(str(path)), why=cause.strerror),
            hint=f"ls -l {path}",
        ) from cause
    except UnicodeDecodeError as cause:
        raise UsageError(
            say("{path} is not UTF-8", path=repr(str(path))), hint=f"edge prompt rm {name}"
        ) from cause


def list_templates(folders: Folders) -> tuple[Listed, ...]:
    """Every prompt that can be named, by name; those of the user hide ours of the same name."""
    return tuple(_listed(name, folders) for name in names_of(folders))


def names_of(folders: Folders) -> list[str]:
    """Every name, without a look into the files."""
    return sorted({*BUILT_IN, *own_names(folders)})


def own_names(folders: Folders) -> Iterator[str]:
    """The names of the user's own files; none where there is no folder."""
    for path in own_folder(folders).glob("*.md"):
        if _NAME.fullmatch(path.stem):
            yield path.stem


def write_template(name: str, text: str, folders: Folders) -> Path:
    """Keep a text as the user's own prompt; raises UsageError, nothing written, if it is none."""
    path = own_path(name, folders)
    read_text(name, text, str(path))
    write_private(path, text)
    return path


def remove_template(name: str, folders: Folders) -> None:
    """Remove a file of the user's; raises UnknownName, and UsageError for one of ours."""
    path = own_path(name, folders)
    try:
        path.unlink()
    except (FileNotFoundError, NotADirectoryError) as cause:
        if name in BUILT_IN:
            raise UsageError(
                say("the prompt {name} is built in", name=repr(name)),
                hint=say("edge prompt edit {name}, for one of your own", name=name),
            ) from cause
        raise _no_such_prompt(name, folders) from cause
    except OSError as cause:
        raise cannot_write(path, cause) from cause


def own_folder(folders: Folders) -> Path:
    """Where the user's own are."""
    return folders.config / "prompts"


def own_path(name: str, folders: Folders) -> Path:
    """The user's file of that name, there or not; raises UsageError for what names no file."""
    if not _NAME.fullmatch(name):
        raise UsageError(
            say("{name} cannot be the name of a prompt", name=repr(name)),
            hint=say(
                "letters, digits, - and _, as in: {example}", example="edge prompt edit reply"
            ),
        )
    return own_folder(folders) / f"{name}.md"


def draft_path(name: str, folders: Folders) -> Path:
    """Where an edit waits that cannot be used yet."""
    return own_path(name, folders).with_suffix(".draft")


def path_of(name: str, folders: Folders) -> Path:
    """The file in force under a name: the user's own, or else ours."""
    own = own_path(name, folders)
    return _OURS / own.name if name in BUILT_IN and not own.exists() else own


def _listed(name: str, folders: Folders) -> Listed:
    path = path_of(name, folders)
    try:
        return Listed(name, path, find_template(name, folders))
    except EdgeError as error:
        return Listed(name, path, error)


def _no_such_prompt(name: str, folders: Folders) -> UnknownName:
    return UnknownName(
        say("there is no prompt {name}", name=repr(name)), hint=near(name, names_of(folders))
    )
