"""`edge bench`: measures this machine, the whole path beside the engine's C functions alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edge.cli.words import bench as words
from edge.core.errors import UsageError
from edge.core.memory import MemoryPolicy
from edge.core.say import say

if TYPE_CHECKING:
    from edge.bench.effort import Effort
    from edge.bench.phone import Phone
    from edge.bench.rows import Report
    from edge.settings.folders import Folders

_N_CTX = 4096

app = typer.Typer(add_completion=False, rich_markup_mode=None)

ModelFlag = Annotated[
    str | None,
    typer.Option("-m", "--model", metavar="NAME", help="The model; see: edge models."),
]
CtxFlag = Annotated[
    int | None, typer.Option("--ctx", metavar="N", help="Tokens the context holds; 4096.")
]
PolicyFlag = Annotated[
    MemoryPolicy | None, typer.Option("--policy", help="What counts more: memory or speed.")
]
WithThreadsFlag = Annotated[
    int | None,
    typer.Option("--with-threads", min=1, max=1024, metavar="N", help="All cores if not given."),
]
PairsFlag = Annotated[
    int | None, typer.Option("--pairs", min=1, metavar="N", help="Pairs, talks, rounds to take.")
]
TimesFlag = Annotated[int, typer.Option("--times", min=1, metavar="N", help="Stops of each kind.")]
DeviceFlag = Annotated[
    str | None,
    typer.Option("--device", metavar="NAME", help="Talk in the memory of a device, as emulated."),
]
LimitFlag = Annotated[
    str | None, typer.Option("--limit", metavar="SIZE", help="The memory it has, as 1.8GB.")
]
PlotFlag = Annotated[
    Path | None, typer.Option("--plot", metavar="FILE.png", help="Draw a picture as well.")
]


@app.command()
def bench(
    *,
    speed: bool = typer.Option(False, "--speed", help="Reading and writing at two depths."),
    turns: bool = typer.Option(False, "--turns", help="A talk of twenty turns."),
    memory: bool = typer.Option(False, "--memory", help="Peaks beside what was predicted."),
    threads: bool = typer.Option(False, "--threads", help="Thread counts, and a busy core."),
    resume: bool = typer.Option(False, "--resume", help="Going on after a crash."),
    layouts: bool = typer.Option(False, "--layouts", help="Ways to hold it; keeps what wins."),
    stops: bool = typer.Option(False, "--stops", help="How soon a stop is felt."),
    model: ModelFlag = None,
    n_ctx: CtxFlag = None,
    n_threads: WithThreadsFlag = None,
    policy: PolicyFlag = None,
    cpu_only: bool = typer.Option(False, "--cpu", help="Leave a graphics processor alone."),
    pairs: PairsFlag = None,
    times: TimesFlag = 50,
    device: DeviceFlag = None,
    limit: LimitFlag = None,
    as_json: bool = typer.Option(False, "--json", help="Print one JSON object."),
    plot: PlotFlag = None,
    no_history: bool = typer.Option(False, "--no-history", help="Do not keep the figures."),
) -> None:
    """Measure this machine in some minutes: what is named, else all but layouts and stops."""
    asked = {"speed": speed, "turns": turns, "memory": memory, "threads": threads}
    asked |= {"resume": resume, "layouts": layouts, "stops": stops}
    sections = tuple(name for name, wanted in asked.items() if wanted)
    order = Order(sections, pairs, times, device, limit, plot, keep=not no_history)
    flags = {"model": model, "n_ctx": _N_CTX if n_ctx is None else n_ctx, "n_threads": n_threads}
    flags |= {"memory": policy and policy.value, "cpu_only": cpu_only or None}
    carry_out(order, flags, as_json=as_json)


@dataclass(frozen=True, slots=True)
class Order:
    """What the flags said should be measured, and drawn; no sections are the usual ones."""

    sections: tuple[str, ...]
    pairs: int | None
    times: int
    device: str | None
    limit: str | None
    plot: Path | None
    keep: bool

    @property
    def effort(self) -> Effort:
        """How often each thing is measured."""
        from edge.bench.effort import Effort

        usual = Effort() if self.sections else Effort.moderate()
        effort = usual if self.pairs is None else Effort.of(self.pairs)
        return replace(effort, stops=self.times)

    def phone(self) -> Phone | None:
        """The device to emulate; raises UsageError for words that do not go together."""
        from edge.bench.run import phone_of
        from edge.core.units import parse_bytes

        if self.device is None:
            if self.limit is not None:
                raise UsageError(words.limit_of_what(), hint=words.how_to_emulate())
            return None
        if self.sections or self.plot:
            raise UsageError(words.own_run(), hint=words.how_to_emulate())
        try:
            limit_bytes = None if self.limit is None else parse_bytes(self.limit)
        except ValueError as cause:
            raise UsageError(
                say("--limit: {why}", why=cause), hint=words.how_to_emulate()
            ) from cause
        return phone_of(self.device, limit_bytes)


def carry_out(order: Order, flags: Mapping[str, object], *, as_json: bool) -> None:
    """Measure, show it beside the last run, keep it, draw it."""
    from edge.bench.history import History
    from edge.cli.bench.report import show_report
    from edge.cli.progress import tell
    from edge.settings.folders import Folders

    folders = Folders.find()
    report, history = measured(order, flags, folders), History(folders)
    show_report(report, history.last_of(report), as_json=as_json)
    if order.device is not None:
        tell(words.emulated(order.device))
    if order.keep:
        history.add(report)
    if order.plot is not None:
        from edge.bench.plot import draw

        draw(report, order.plot)


def measured(order: Order, flags: Mapping[str, object], folders: Folders) -> Report:
    """Run what was ordered; whatever is wrong with the words is said before."""
    from edge.bench.plot import check_plot
    from edge.bench.run import USUAL, measure, measure_inside
    from edge.bench.subject import subject_of
    from edge.cli.progress import on_terminal, tell
    from edge.device.probe import probe_device
    from edge.loading.model import tried_here
    from edge.settings.chosen import load_settings
    from edge.store.state import State

    phone, sections = order.phone(), order.sections or USUAL
    if order.plot is not None:
        check_plot(order.plot, sections)
    # Named, so that they stay: the raw loop would count as another busy program.
    n_threads = flags["n_threads"] or probe_device().n_cores
    settings = load_settings(flags={**flags, "n_threads": n_threads}, folders=folders)
    say = tell if on_terminal() else lambda _: None
    with subject_of(settings, folders, say) as subject:
        if phone is not None:
            return measure_inside(subject, phone)
        report = measure(subject, sections, order.effort)
    if report.faster and order.keep:
        State(folders).remember_faster(tried_here(subject.model), report.faster)
        tell(words.held_so(report.faster))
    return report
