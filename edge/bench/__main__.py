"""`python -m edge.bench`: the full path beside the raw engine, in pairs, at a real KV depth."""

from __future__ import annotations

import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import typer

from edge.bench.memory import memory_rows
from edge.bench.raw import RawLoop
from edge.bench.rows import Report
from edge.bench.speed import REPLY_TOKENS, speed_rows
from edge.bench.stops import stop_rows
from edge.core.errors import EdgeError, UnknownName
from edge.device import probe_device
from edge.runtime import Runtime, choose, engine_options, load, open_library, open_model
from edge.settings import Folders, Settings, load_settings
from edge.store.state import State

_N_CTX = 4096


def bench(
    model: str = typer.Option("", "-m", "--model", help="The model; the one used last if none."),
    pairs: int = typer.Option(9, min=9, help="Pairs of runs to take the median of."),
    stops: int = typer.Option(50, min=0, help="Stops to take the 95th percentile of."),
    threads: int = typer.Option(0, min=0, help="Threads; all cores there are if none."),
    as_json: bool = typer.Option(False, "--json", help="Print one JSON object."),
) -> None:
    """Measure this machine. Takes a few minutes; run nothing else meanwhile."""
    # Named, so that they stay: the raw loop would count as another busy program.
    n_threads = threads or probe_device().n_cores
    flags = {"model": model or None, "n_threads": n_threads, "n_ctx": _N_CTX}
    settings = load_settings(flags={**flags, "temperature": 0.0, "max_tokens": REPLY_TOKENS})
    try:
        report = measure(settings, pairs, stops)
    except EdgeError as error:
        print(f"edge: {error.line()}", file=sys.stderr)
        raise typer.Exit(error.exit_code) from error
    print(report.as_json() if as_json else report.as_table())


def measure(settings: Settings, n_pairs: int, n_stops: int) -> Report:
    """All rows of one run; conversations go to a store that is thrown away."""
    folders = Folders.find()
    chosen = choose(open_library(folders), settings, State(folders))
    if chosen is None:
        raise UnknownName("no model is on this machine yet", hint="edge pull qwen2.5-0.5b")
    options = engine_options(load(chosen, settings, probe_device()), settings, folders)
    raw = RawLoop(options)
    with tempfile.TemporaryDirectory() as away:
        kept = replace(folders, data=Path(away), store=Path(away) / "edge.db")
        with open_model(chosen, settings, kept) as runtime:
            rows = [*speed_rows(runtime, raw, n_pairs), *memory_rows(runtime)]
            raw.close()
            rows += stop_rows(unlimited(runtime), n_stops) if n_stops else []
    return Report(chosen.name, options.n_threads, tuple(rows))


def unlimited(runtime: Runtime) -> Runtime:
    """The same runtime, for replies that only a stop ends."""
    runtime.settings = replace(runtime.settings, max_tokens=None)
    return runtime


if __name__ == "__main__":
    typer.run(bench)
