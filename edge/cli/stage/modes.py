"""The two ways of a terminal: ours, in which each key is heard, and the ordinary one."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Any, Self

from prompt_toolkit.input import Input
from prompt_toolkit.output import Output


class Modes:
    """Within, keys and signals come to us; `ordinary` gives both back for a while.

    `heard` is what each signal does while the terminal is ours.
    """

    def __init__(
        self, terminal: tuple[Input, Output], heard: Mapping[int, Callable[[], None]]
    ) -> None:
        self._keyboard, self._screen = terminal
        self._heard = heard
        self._before: dict[int, Any] = {}
        self._raw = self._keyboard.raw_mode()

    def __enter__(self) -> Self:
        self._take()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._give()

    @contextmanager
    def ordinary(self) -> Iterator[None]:
        """Within, the terminal is as any program expects to find it."""
        self._give()
        try:
            yield
        finally:
            self._take()

    def bracket_pastes(self) -> None:
        """What is pasted comes in one piece; the prompt line ends this when it is closed."""
        with suppress(OSError):
            self._screen.enable_bracketed_paste()
            self._screen.flush()

    def _take(self) -> None:
        self._raw = self._keyboard.raw_mode()
        self._raw.__enter__()
        self.bracket_pastes()
        loop = asyncio.get_running_loop()
        for number, act in self._heard.items():
            before = signal.getsignal(number)
            if before is signal.SIG_IGN:  # as under nohup: not ours to hear
                continue
            with suppress(NotImplementedError):  # Windows: Ctrl-C is a key there
                loop.add_signal_handler(number, act)
                self._before[number] = before

    def _give(self) -> None:
        loop = asyncio.get_running_loop()
        for number, before in self._before.items():
            loop.remove_signal_handler(number)
            signal.signal(number, before)
        self._before.clear()
        with suppress(OSError):
            self._screen.disable_bracketed_paste()
            self._screen.flush()
        self._raw.__exit__(None, None, None)
