"""What is measured: one model, how it is run, and a home that is thrown away afterwards."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from edge.bench.raw import RawLoop
from edge.core.errors import UnknownName
from edge.core.memory import Layout
from edge.core.say import say
from edge.device.probe import probe_device
from edge.engine.edge.options import EngineOptions
from edge.loading.model import (
    choose,
    engine_options,
    load,
    measured_here,
    open_library,
    tried_here,
)
from edge.models.library import Model
from edge.runtime import Runtime, open_model
from edge.settings.chosen import Settings
from edge.settings.folders import Folders, private_folder
from edge.store.state import State


@dataclass(frozen=True, slots=True)
class Subject:
    """A model and its settings; whatever it writes goes to `folders`, which do not last.

    `tell` hears what is being measured, a line at a time.
    """

    model: Model
    settings: Settings
    folders: Folders
    tell: Callable[[str], None]

    def open(self, **changes: object) -> Runtime:
        """The whole path: a runtime of these settings but for the changes."""
        return open_model(self.model, self._settings(changes), self.folders)

    def options(self, **changes: object) -> EngineOptions:
        """How that runtime runs its engine."""
        settings, measured = self._settings(changes), measured_here(self.model, self.folders)
        loaded = load(self.model, settings, probe_device(), measured)
        return engine_options(loaded, settings, self.folders)

    def raw(self, layout: Layout | None = None) -> RawLoop:
        """The engine's C functions alone, in this process; in this layout, else the same one."""
        options = self.options()
        return RawLoop(replace(options, layout=layout or options.layout))

    def _settings(self, changes: dict[str, object]) -> Settings:
        return replace(self.settings, **changes)  # type: ignore[arg-type]


def as_measured(settings: Settings) -> Settings:
    """Settings whose figures can be compared: greedy, unthinking, all kept, nothing added."""
    return replace(
        settings,
        system=None,
        thinking=False,
        temperature=0.0,
        max_tokens=None,
        seed=None,
        save=True,
        unload_after_s=0,  # never
    )


@contextmanager
def subject_of(
    settings: Settings, folders: Folders, tell: Callable[[str], None]
) -> Iterator[Subject]:
    """The model these settings mean; raises UnknownName when none is here."""
    model = choose(open_library(folders), settings, State(folders))
    if model is None:
        raise UnknownName(say("no model is on this machine yet"), hint="edge pull qwen2.5-0.5b")
    # Not where the system keeps such things: that is often memory, and snapshots
    # go to the disk that the user's would go to.
    private_folder(folders.cache)
    with tempfile.TemporaryDirectory(dir=folders.cache, prefix="bench-") as away:
        passing = replace(folders, data=Path(away), store=Path(away) / "edge.db")
        if faster := State(folders).faster(tried_here(model)) if model.weights else {}:
            State(passing).remember_faster(tried_here(model), faster)
        yield Subject(model, as_measured(settings), passing, tell)
