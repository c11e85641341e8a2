"""The progress bar; imported only where there is a terminal to draw it on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.text import Text

from edge.cli.table import printable
from edge.core.units import show_bytes


class _Speed(TransferSpeedColumn):
    """In the same binary units as the sizes beside it."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{show_bytes(round(speed))}/s" if speed else "", style="progress.data.speed")


class Bar:
    """Bytes, speed and time left, gone when closed; notes stay above it."""

    def __init__(self, what: str) -> None:
        self._what = printable(what)
        self._console = Console(stderr=True)
        self._shown: tuple[Progress, TaskID] | None = None

    def advance(self, done_bytes: int, total_bytes: int, source: str) -> None:
        """Draw how far it is."""
        progress, task = self._shown or self._draw(done_bytes, total_bytes)
        progress.update(task, completed=done_bytes, total=total_bytes, source=printable(source))

    def say(self, text: str) -> None:
        """One line above the bar."""
        self._console.print(printable(text), markup=False, highlight=False, soft_wrap=True)

    def close(self) -> None:
        """Take the bar off the screen."""
        if self._shown:
            self._shown[0].stop()
            self._shown = None

    def _draw(self, done_bytes: int, total_bytes: int) -> tuple[Progress, TaskID]:
        progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=None),
            DownloadColumn(binary_units=True),
            _Speed(),
            TimeRemainingColumn(compact=True),
            TextColumn("{task.fields[source]}", markup=False),
            console=self._console,
            transient=True,
            expand=True,
        )
        # Begun at what is here already: bytes of an earlier run say nothing of the speed.
        task = progress.add_task(self._what, completed=done_bytes, total=total_bytes, source="")
        progress.start()
        self._shown = (progress, task)
        return self._shown


@contextmanager
def pulse(what: str) -> Iterator[None]:
    """A sign of life with the time so far, for a wait whose end is not known."""
    text, elapsed = TextColumn("{task.description}", markup=False), TimeElapsedColumn()
    console = Console(stderr=True)
    with Progress(text, BarColumn(), elapsed, console=console, transient=True) as progress:
        progress.add_task(printable(what), total=None)
        yield
