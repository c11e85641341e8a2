"""How a model is run: on how many threads, and for how long it stays when nobody asks."""

from __future__ import annotations

from pathlib import Path

import pytest

import edge
from edge.core.event import Notice
from edge.core.memory import Layout
from edge.device.probe import probe_device
from edge.engine.edge.engine import EdgeEngine
from edge.engine.edge.options import EngineOptions
from edge.engine.edge.threads import counts_to_try
from edge.loading.model import engine_options, load, measured_here, open_library, tried_here
from edge.models.layout import Measured
from edge.settings.chosen import Settings
from edge.settings.folders import Folders
from edge.store.state import State
from processes import wait_until_gone
from tiny_home import furnish


def options_of(home: Path, **wishes: object) -> EngineOptions:
    folders = Folders.below(home)
    settings = Settings(**wishes)
    loaded = load(open_library(folders).find("tiny"), settings, probe_device())
    return engine_options(loaded, settings, folders)


def test_thread_counts_are_tried_once_and_what_was_found_holds(edge_home: Path) -> None:
    furnish(edge_home)
    folders, n_cores = Folders.below(edge_home), probe_device().n_cores
    before = options_of(edge_home)
    assert (before.sweep, before.n_writing) == (counts_to_try(n_cores), None)
    loaded = load(open_library(folders).find("tiny"), Settings(), probe_device())
    State(folders).remember_threads(tried_here(loaded.model), 1)
    after = options_of(edge_home)
    assert (after.sweep, after.n_writing, after.n_threads) == ((), 1, n_cores)


def test_what_was_measured_to_be_faster_is_how_the_model_is_held(edge_home: Path) -> None:
    furnish(edge_home)
    folders = Folders.below(edge_home)
    model = open_library(folders).find("tiny")
    assert measured_here(model, folders) == Measured()
    state = State(folders)
    state.remember_faster(tried_here(model), {"flash": True})
    state.remember_faster(tried_here(model), {"repack": False})
    with edge.open("tiny") as runtime:
        assert runtime.loaded is not None
        assert runtime.loaded.fit.layout == Layout(flash=True, repack=False)


def test_a_count_the_user_named_is_not_tried_against_others(edge_home: Path) -> None:
    furnish(edge_home)
    named = options_of(edge_home, n_threads=1)
    assert (named.sweep, named.n_writing, named.threads_fixed) == ((), None, True)


@pytest.mark.parametrize(
    ("wishes", "idle_s"),
    [
        ({"memory": "low"}, 60),
        ({}, 600),
        ({"memory": "fast"}, None),
        ({"memory": "low", "unload_after_s": 5}, 5),
        ({"unload_after_s": 0}, None),
    ],
)
def test_an_idle_engine_leaves_the_sooner_the_more_memory_counts(
    edge_home: Path, wishes: dict[str, object], idle_s: float | None
) -> None:
    furnish(edge_home)
    assert options_of(edge_home, **wishes).idle_s == idle_s


def test_an_engine_that_left_comes_back_warm_and_unasked(edge_home: Path) -> None:
    furnish(edge_home)
    with edge.open("tiny", max_tokens=2, unload_after_s=1) as runtime:
        session = runtime.session()
        *_, first = session.send("hello")
        engine = runtime.engine
        assert isinstance(engine, EdgeEngine)
        pid = engine.worker_pid
        wait_until_gone(pid)
        *events, last = session.send("and now?")
        assert engine.worker_pid != pid
    assert last.attempts[0].usage.cached_tokens >= first.attempts[0].usage.prompt_tokens
    assert not [event for event in events if isinstance(event, Notice) and "engine" in event.text]
