"""A text in the user's own editor: $VISUAL, $EDITOR, else a usual one of the system."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from edge.cli.page.streams import is_terminal
from edge.cli.words import terminal as words
from edge.core.errors import EdgeError, UsageError
from edge.settings.config_file import write_private
from edge.settings.folders import cannot_write
from edge.settings.keys import without_keys

_VARIABLES = ("VISUAL", "EDITOR")
# Debian's own choice first; then what needs no learning, and what POSIX promises.
_USUAL = ("notepad",) if os.name == "nt" else ("editor", "nano", "vim", "vi")
# Editors with a window that give the terminal back at once, and what makes them wait.
_WAITING = {
    "code": "--wait",
    "codium": "--wait",
    "cursor": "--wait",
    "gedit": "--wait",
    "gvim": "--nofork",
    "kate": "--block",
    "mate": "--wait",
    "subl": "--wait",
    "zed": "--wait",
}
_WAITS = frozenset({*_WAITING.values(), "-w", "-f", "-b"})
# Out of the other screen, with a cursor, and without colours or marks around a paste.
_ORDINARY = "\x1b[?1049l\x1b[?25h\x1b[?2004l\x1b[0m"


class NoEditor(UsageError):
    """There is no editor, or it cannot be started: nothing was opened."""


def edit(text: str, suffix: str = ".md", environ: Mapping[str, str] = os.environ) -> str | None:
    """The text as the user left it; None when it was left as it was, "" when emptied.

    It lies meanwhile in a private file, which is removed afterwards. Raises NoEditor
    when none can be run, UsageError when it ends badly; what was typed is then kept, and
    the error says where. The terminal must be an ordinary one meanwhile, and outside the
    main thread the caller keeps Ctrl-C, which is the editor's, from ending edge.
    """
    path = _laid_out(text, suffix)
    try:
        run_editor(path, environ)
        edited = _read(path)
    except EdgeError as error:
        error.kept = _kept(path, text)
        raise
    except BaseException:
        _kept(path, text)
        raise
    shutil.rmtree(path.parent, ignore_errors=True)
    return _compared(text, edited)


def run_editor(path: Path, environ: Mapping[str, str] = os.environ) -> None:
    """Let the user edit a file; raises NoEditor, or UsageError unless the editor ends well."""
    name, command = found_editor(environ)
    with _terminal_given_away():
        code = _ran([*command, str(path)], name, environ)
    if code < 0:
        raise UsageError(
            words.editor_killed(name, signal.Signals(-code).name), hint=words.name_an_editor()
        )
    if code:
        raise UsageError(words.editor_failed(name, code), hint=words.name_an_editor())


def found_editor(environ: Mapping[str, str] = os.environ) -> tuple[str, list[str]]:
    """The editor in force as the user named it, and the command that runs it.

    Raises NoEditor when there is none; one that is named need not be there.
    """
    named = next((environ[name] for name in _VARIABLES if environ.get(name, "").strip()), None)
    if named is None:
        usual = (name for name in _USUAL if shutil.which(name, path=environ.get("PATH")))
        named = next(usual, None)
    if named is None:
        raise NoEditor(words.no_editor(), hint=words.name_an_editor())
    return named, _waiting(_split(named, environ))


def _split(named: str, environ: Mapping[str, str]) -> list[str]:
    """The words of a command; a path with blanks in it is one word where it is a program."""
    if shutil.which(named, path=environ.get("PATH")):
        return [named]
    try:
        return shlex.split(named, posix=os.name != "nt")
    except ValueError as cause:  # a quotation mark without its second
        raise NoEditor(
            words.editor_not_run(named, str(cause)), hint=words.name_an_editor()
        ) from cause


def _waiting(command: Sequence[str]) -> list[str]:
    flag = _WAITING.get(Path(command[0]).stem.lower())
    return [*command] if flag is None or _WAITS & {*command[1:]} else [*command, flag]


def _ran(command: Sequence[str], name: str, environ: Mapping[str, str]) -> int:
    """The editor's exit code, negative for the signal that ended it."""
    try:
        process = subprocess.Popen(command, env=without_keys(environ))
    except FileNotFoundError as cause:
        raise NoEditor(words.editor_is_missing(name), hint=words.name_an_editor()) from cause
    except (OSError, ValueError) as cause:
        said = cause.strerror if isinstance(cause, OSError) else None
        raise NoEditor(
            words.editor_not_run(name, said or str(cause)), hint=words.name_an_editor()
        ) from cause
    try:
        return process.wait()
    except BaseException:
        process.terminate()
        process.wait()
        raise


@contextmanager
def _terminal_given_away() -> Iterator[None]:
    """Ctrl-C is the editor's; and whatever it did to the terminal is undone afterwards."""
    with ExitStack() as after:
        # A handler of ours, since a child would inherit that the signal is ignored.
        if threading.current_thread() is threading.main_thread():
            before = signal.signal(signal.SIGINT, lambda *_: None)
            after.callback(signal.signal, signal.SIGINT, before)
        after.enter_context(_as_it_was())
        yield


@contextmanager
def _as_it_was() -> Iterator[None]:
    """The terminal's modes are restored: an editor that was killed leaves its own behind."""
    if os.name == "nt" or not is_terminal(sys.stdin):
        yield
        return
    import termios

    before = termios.tcgetattr(sys.stdin)
    try:
        yield
    finally:
        with suppress(termios.error):  # the terminal was closed meanwhile
            if termios.tcgetattr(sys.stdin) != before:
                termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)
                _make_ordinary()


def _make_ordinary() -> None:
    if is_terminal(sys.stdout):
        sys.stdout.write(_ORDINARY)
        sys.stdout.flush()


def _laid_out(text: str, suffix: str) -> Path:
    """A file of 0600 in a folder of its own: what the editor puts beside it is private, too."""
    try:
        folder = Path(tempfile.mkdtemp(prefix="edge-"))
    except OSError as cause:
        raise cannot_write(Path("edge"), cause) from cause
    path = folder / f"text{suffix}"
    try:
        write_private(path, _in_lines(text))
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return path


def _in_lines(text: str) -> str:
    """A file ends with a newline, and editors add it where it is missing."""
    return text if text.endswith("\n") or not text else f"{text}\n"


def _read(path: Path) -> str:
    """What the editor left; raises UsageError for what is no text."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError as cause:
        raise UsageError(words.edited_is_gone(), hint=words.name_an_editor()) from cause
    except OSError as cause:
        raise cannot_write(path, cause) from cause
    except UnicodeDecodeError as cause:
        raise UsageError(words.edited_no_text(), hint=words.name_an_editor()) from cause


def _compared(text: str, edited: str) -> str | None:
    edited = edited if "\r" in text else edited.replace("\r\n", "\n")
    if edited in (text, _in_lines(text)):
        return None
    if not edited.strip():
        return ""
    return edited if text.endswith("\n") else edited.removesuffix("\n")


def _kept(path: Path, text: str) -> str:
    """Remove the file, unless something was typed in it; what is kept, in words."""
    with suppress(OSError):
        if path.read_bytes() not in (b"", _in_lines(text).encode()):
            return words.edit_is_in(str(path))
    shutil.rmtree(path.parent, ignore_errors=True)
    return words.text_is_as_it_was()
