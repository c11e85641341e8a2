"""A report as one picture; the only module here that needs matplotlib, and only when asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from edge.bench.memory import WORKER_ROW
from edge.bench.resume import RESUME_ROW
from edge.bench.rows import Report, Row
from edge.bench.threads import BUSY, DECODE
from edge.core.errors import UsageError
from edge.core.say import say

_RAW, _EDGE = "#a8b0b9", "#1f6feb"
_PANEL_INCHES = (5.6, 3.5)
_DPI = 130
_BAR = 0.38  # of the room between two labels, of which each has two bars


def check_plot(path: Path, sections: Sequence[str]) -> None:
    """Raise UsageError unless these sections can be drawn into this file, here and now."""
    if path.suffix.lower() != ".png":
        raise UsageError(
            say("{path!r} is no PNG", path=str(path)), hint=f"--plot {path.with_suffix('.png')}"
        )
    if not path.absolute().parent.is_dir():
        raise UsageError(
            say("there is no folder {folder!r}", folder=str(path.parent)),
            hint=f"mkdir -p {path.parent}",
        )
    if not set(sections) & set(_PANELS):
        raise UsageError(
            say("nothing of what is measured has a picture"),
            hint=say("add {flags}", flags=", ".join(f"--{name}" for name in _PANELS)),
        )
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError as cause:
        raise UsageError(
            say("a picture needs matplotlib: {cause}", cause=cause),
            hint="pip install 'edge-qwen[lab]'",
        ) from cause


def draw(report: Report, path: Path) -> None:
    """Write the picture, a panel for each section that has one; raises UsageError."""
    from matplotlib.figure import Figure

    found = [(panel, data) for panel in _PANELS.values() if (data := panel.pick(report))]
    columns = min(2, len(found))
    rows = -(-len(found) // 2)
    wide, high = _PANEL_INCHES
    figure = Figure(figsize=(wide * columns, high * rows + 0.6), layout="constrained")
    about = report.conditions
    figure.suptitle(f"{about.model}\n{about.machine}; {about.date_utc[:10]}", fontsize=10)
    for place, (panel, data) in enumerate(found, start=1):
        axes = figure.add_subplot(rows, columns, place)
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_title(panel.title, fontsize=10)
        panel.draw(axes, data)
    try:
        figure.savefig(path, dpi=_DPI)
    except OSError as cause:
        raise UsageError(
            say("cannot write {path!r}: {why}", path=str(path), why=cause.strerror)
        ) from cause


@dataclass(frozen=True, slots=True)
class _Panel:
    """One section's picture: what it takes of a report, and how that is drawn."""

    title: str
    pick: Callable[[Report], Sequence[Any]]
    draw: Callable[[Any, Sequence[Any]], None]


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two bars above one label; a bar that is None is left out."""

    label: str
    left: float | None
    right: float | None


def _rows_of(report: Report, prefix: str) -> list[Row]:
    return [row for row in report.rows if row.name.startswith(prefix)]


def _draw_turns(axes: Any, turns: Sequence[Any]) -> None:
    numbers = [turn.turn for turn in turns]
    axes.plot(numbers, [t.raw_ms for t in turns], "o-", color=_RAW, ms=3, label="C functions alone")
    axes.plot(numbers, [t.edge_ms for t in turns], "o-", color=_EDGE, ms=3, label="through edge")
    axes.set_ylim(bottom=0)
    axes.set_xticks([n for n in numbers if n == 1 or n % 5 == 0])
    axes.set_xlabel("turn")
    axes.set_ylabel("ms")
    axes.legend(frameon=False, fontsize=8)


def _thread_pairs(report: Report) -> list[_Pair]:
    busy = {row.name.removeprefix(BUSY): row.edge for row in _rows_of(report, BUSY)}
    return [
        _Pair(row.name.removeprefix(DECODE), row.edge, busy.get(row.name))
        for row in _rows_of(report, DECODE)
    ]


def _draw_threads(axes: Any, pairs: Sequence[_Pair]) -> None:
    _draw_bars(axes, pairs, ("alone", "one core busy"), (_EDGE, _RAW))
    axes.set_ylabel("tok/s")


def _memory_pairs(report: Report) -> list[_Pair]:
    rows = _rows_of(report, WORKER_ROW)
    return [_Pair(row.name.removeprefix(WORKER_ROW), row.raw, row.edge) for row in rows]


def _draw_memory(axes: Any, pairs: Sequence[_Pair]) -> None:
    _draw_bars(axes, pairs, ("predicted", "measured"), (_RAW, _EDGE))
    axes.set_xlabel("context, tokens")
    axes.set_ylabel("MiB")


def _draw_bars(
    axes: Any, pairs: Sequence[_Pair], names: tuple[str, str], colors: tuple[str, str]
) -> None:
    sides = ([pair.left for pair in pairs], [pair.right for pair in pairs])
    for side, values in enumerate(sides):
        places = [at + (side - 0.5) * _BAR for at, value in enumerate(values) if value is not None]
        heights = [value for value in values if value is not None]
        bars = axes.bar(places, heights, _BAR * 0.94, color=colors[side], label=names[side])
        axes.bar_label(bars, fmt=_short, fontsize=7, padding=1)
    axes.set_xticks(range(len(pairs)), [pair.label for pair in pairs], fontsize=8)
    axes.margins(y=0.22)  # room for the legend above the bars
    axes.legend(frameon=False, fontsize=8, loc="upper left", ncols=2)


def _draw_resume(axes: Any, rows: Sequence[Row]) -> None:
    row = rows[0]
    bars = axes.barh(
        ["from the snapshot", "reading it again"], [row.edge, row.raw], color=[_EDGE, _RAW]
    )
    axes.bar_label(bars, fmt=lambda value: f"{value:.2g} s", fontsize=8, padding=3)
    axes.margins(x=0.15)
    axes.set_xlabel(f"s; {row.name.removeprefix(RESUME_ROW)}")


def _short(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


_PANELS: Mapping[str, _Panel] = MappingProxyType(
    {
        "turns": _Panel("first token of a turn", lambda report: report.turns, _draw_turns),
        "threads": _Panel("writing, by threads", _thread_pairs, _draw_threads),
        "memory": _Panel("worker's peak memory", _memory_pairs, _draw_memory),
        "resume": _Panel(
            "first token after a crash", lambda report: _rows_of(report, RESUME_ROW), _draw_resume
        ),
    }
)
