"""What the keys of the prompt line do, beside those every line editor knows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from prompt_toolkit.buffer import Buffer
from prompt_toolkit.filters import Condition, has_focus
from prompt_toolkit.input import ansi_escape_sequences
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent, merge_key_bindings
from prompt_toolkit.key_binding.defaults import load_key_bindings
from prompt_toolkit.key_binding.key_processor import KeyProcessor
from prompt_toolkit.keys import Keys

# How terminals that tell Shift-Enter from Enter do it: as `CSI u`, and as xterm's modifyOtherKeys.
_SHIFT_ENTER = ("\x1b[13;2u", "\x1b[27;2;13~")
# What only a terminal sends that was asked to, and none is; else it was typed or pasted, as
# the colours of a copied text are, and holds anything.
_UNASKED = (Keys.Vt100MouseEvent, Keys.WindowsMouseEvent, Keys.CPRResponse)
# What a line editor knows and this line cannot do right: Ctrl-O and Alt-# accept what nobody
# sends, Ctrl-Q takes a paste letter by letter, a macro plays Enter, Alt-* asks the disk while
# keys wait, and a letter behind Alt-9 Alt-9 Alt-9 Alt-9 Alt-9 Alt-9 comes a million times.
_OFF = (
    ("c-o",),
    ("escape", "#"),
    ("c-q",),
    ("c-x", "("),
    ("c-x", ")"),
    ("c-x", "e"),
    ("escape", "*"),
    *(("escape", char) for char in "-0123456789"),
)


class Acts(Protocol):
    """What whoever holds the line does when asked to by a key."""

    def entered(self) -> None:
        """Enter: the line is meant."""
        ...

    def pressed(self, key: Keys) -> None:
        """Ctrl-C, Ctrl-D at an empty line, or Ctrl-Z."""
        ...

    def pasted(self, text: str) -> None:
        """A text came in one piece."""
        ...

    def failed(self, error: Exception) -> None:
        """What a key does failed."""
        ...


class Patient(KeyProcessor):
    """Does what keys say; one that fails is told of and does nothing, and typing goes on."""

    def __init__(self, keys: KeyBindings, failed: Callable[[Exception], None]) -> None:
        super().__init__(merge_key_bindings([load_key_bindings(), keys]))
        self._failed = failed

    def process_keys(self) -> None:
        """Do what waits to be done."""
        try:
            super().process_keys()
        except OSError:
            raise  # the terminal is gone
        except Exception as error:
            self._failed(error)


def bindings(buffer: Buffer, acts: Acts) -> KeyBindings:
    """Enter sends; Alt-Enter, Ctrl-J and Shift-Enter begin a new line."""
    keys, typing = unasked(), has_focus(buffer)
    empty = Condition(lambda: not buffer.text)

    @keys.add("enter", filter=typing)
    def _enter(_: KeyPressEvent) -> None:
        acts.entered()

    @keys.add("escape", "enter", filter=typing)
    @keys.add("c-j", filter=typing)
    def _newline(_: KeyPressEvent) -> None:
        buffer.insert_text("\n")

    # At once: with a text selected, other keys may follow a Ctrl-C.
    @keys.add("c-c", filter=typing, eager=True)
    @keys.add("c-d", filter=typing & empty)
    @keys.add("c-z")
    def _control(event: KeyPressEvent) -> None:
        acts.pressed(Keys(event.key_sequence[0].key))

    for sequence in _OFF:
        keys.add(*sequence)(lambda _: None)

    @keys.add(Keys.BracketedPaste, filter=typing)
    def _paste(event: KeyPressEvent) -> None:
        acts.pasted(event.data.replace("\r\n", "\n").replace("\r", "\n"))

    return keys


def unasked() -> KeyBindings:
    """What nobody asked the terminal for is heard by nobody."""
    keys = KeyBindings()
    for key in _UNASKED:
        keys.add(key, eager=True)(lambda _: None)
    return keys


def tell_shift_enter() -> None:
    """Let Shift-Enter be the two keys Alt-Enter is, where a terminal tells it from Enter."""
    for sequence in _SHIFT_ENTER:
        ansi_escape_sequences.ANSI_SEQUENCES[sequence] = (Keys.Escape, Keys.ControlM)
