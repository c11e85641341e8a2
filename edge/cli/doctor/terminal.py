"""What `edge doctor` finds around a talk: the terminal, its fonts, the editor, the language."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress

from edge.cli.doctor.checkup import Check, State
from edge.cli.doctor.cursor import columns_shown
from edge.cli.editor import found_editor
from edge.cli.page.streams import colourless, is_terminal
from edge.cli.words import terminal as words
from edge.core.errors import UsageError
from edge.settings.folders import Folders
from edge.settings.language import choose_language

_NARROW_COLUMNS = 40
_CHINESE, _EMOJI = "你", "😀"
_WIDE = (2, 2)  # Unicode's East Asian Width: both are Wide
_LANGUAGES = {"en": "English", "zh_CN": "简体中文"}
_FONTS_WITHIN_S = 2.0
_STANDARD_ERROR = 2  # some descriptor is wanted, and need not be a terminal's


def check_terminal(folders: Folders, environ: Mapping[str, str] = os.environ) -> Iterator[Check]:
    """Each part in its turn."""
    yield _window(environ)
    yield _colours(environ)
    yield _widths(environ)
    yield _fonts(environ)
    yield _editor(environ)
    yield _language(folders, environ)


def _window(environ: Mapping[str, str]) -> Check:
    term = environ.get("TERM", "")
    if not is_terminal(sys.stdout):
        return Check("terminal", State.OK, words.no_terminal(term))
    columns, rows = shutil.get_terminal_size()
    text = words.size(columns, rows, term)
    if term == "dumb":
        text = words.both(text, words.is_plain())
        return Check("terminal", State.WARN, text, "export TERM=xterm")
    if columns < _NARROW_COLUMNS:
        return Check("terminal", State.WARN, text, words.is_narrow())
    return Check("terminal", State.OK, text)


def _colours(environ: Mapping[str, str]) -> Check:
    if why := colourless(environ):
        return Check("colours", State.OK, words.no_colours(why))
    n = _n_colours(environ)
    text = words.colours(n) if n else words.colours_unknown()
    return Check("colours", State.OK, words.both(text, words.switch_colours_off()))


def _n_colours(environ: Mapping[str, str]) -> int:
    """How many, by what the environment and the system's list of terminals say; 0 if neither."""
    if environ.get("COLORTERM") in ("truecolor", "24bit"):
        return 2**24
    try:
        import curses
    except ImportError:  # Windows has no such list
        return 0
    with suppress(curses.error):
        curses.setupterm(environ.get("TERM"), _STANDARD_ERROR)
        return max(curses.tigetnum("colors"), 0)
    return 0


def _widths(environ: Mapping[str, str]) -> Check:
    encoding = getattr(sys.stdout, "encoding", None) or ""
    if not encoding.lower().replace("-", "").startswith("utf"):
        return Check("width", State.WARN, words.not_utf8(encoding), "export LC_ALL=C.UTF-8")
    both = is_terminal(sys.stdin) and is_terminal(sys.stdout)
    if not both or environ.get("TERM") == "dumb":
        return Check("width", State.OK, words.widths_unknown())
    chinese = columns_shown(_CHINESE, sys.stdin, sys.stdout)
    emoji = None if chinese is None else columns_shown(_EMOJI, sys.stdin, sys.stdout)
    if chinese is None or emoji is None:
        return Check("width", State.OK, words.widths_unknown())
    text = words.widths(chinese, emoji)
    if (chinese, emoji) != _WIDE:
        expected = words.widths_differ(" / ".join(map(str, _WIDE)))
        return Check("width", State.WARN, words.both(text, expected))
    return Check("width", State.OK, text)


def _fonts(environ: Mapping[str, str]) -> Check:
    """Fonts belong to what draws the screen, which is often another machine."""
    if any(environ.get(name) for name in ("SSH_CONNECTION", "SSH_TTY")):
        return Check("fonts", State.OK, words.fonts_elsewhere())
    if sys.platform in ("darwin", "win32"):
        return Check("fonts", State.OK, words.fonts_of_system())
    if not any(environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")):
        return Check("fonts", State.OK, words.fonts_unknown())
    found = _fonts_for_chinese(environ)
    if found is None:
        return Check("fonts", State.OK, words.fonts_unknown())
    if not found:
        return Check("fonts", State.WARN, words.no_font_for_chinese(), words.install_a_font())
    return Check("fonts", State.OK, words.font_for_chinese(found[0]))


def _fonts_for_chinese(environ: Mapping[str, str]) -> list[str] | None:
    """The names of fonts that have Chinese; None where the system has no list of fonts."""
    if not (program := shutil.which("fc-list", path=environ.get("PATH"))):
        return None
    try:
        done = subprocess.run(
            [program, ":lang=zh-cn", "family"],
            capture_output=True,
            check=True,
            timeout=_FONTS_WITHIN_S,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    lines = done.stdout.decode(errors="replace").splitlines()
    return sorted({line.partition(",")[0].strip() for line in lines if line.strip()})


def _editor(environ: Mapping[str, str]) -> Check:
    try:
        name, command = found_editor(environ)
    except UsageError as error:
        return Check("editor", State.WARN, error.message, error.hint)
    origin = next((each for each in ("VISUAL", "EDITOR") if environ.get(each) == name), "")
    if not shutil.which(command[0], path=environ.get("PATH")):
        missing = words.editor_is_missing(name)
        return Check("editor", State.WARN, missing, words.name_an_editor())
    return Check("editor", State.OK, words.editor_in_force(name, origin))


def _language(folders: Folders, environ: Mapping[str, str]) -> Check:
    name = _LANGUAGES[choose_language(None, environ, folders)]
    return Check("language", State.OK, words.language_in_force(name))
