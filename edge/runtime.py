"""The embedder's door: opens a model, a store and a policy from settings, and gives sessions.

    with edge.open() as runtime:
        for event in runtime.session().send("hi"):
            ...

Joins the rooms that must not know each other: a file is looked at and held
against the memory that is free before an engine sees it.
"""

from __future__ import annotations

import platform
import threading
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from weakref import WeakSet

from edge.chat.session import Answering, Session, Wishes
from edge.core.errors import UnknownName, UnsupportedModel
from edge.core.event import Notice, NoticeCode
from edge.core.memory import Layout, MemoryPolicy
from edge.core.spec import ModelSpec, Thinking
from edge.core.units import GIB, show_bytes
from edge.device import DeviceProfile, probe_device
from edge.engine.edge.engine import EdgeEngine
from edge.engine.edge.frames import Keep
from edge.engine.edge.options import EngineOptions
from edge.engine.edge.template import known_template_hashes
from edge.engine.protocol import Engine
from edge.models.catalog import load_catalog
from edge.models.fit import (
    DEFAULT_N_CTX,
    Fit,
    Shape,
    best_of,
    default_n_ctx,
    fit,
    refuse_unless_fits,
)
from edge.models.gguf import Header, preflight
from edge.models.library import Library, Model
from edge.models.shelf import Shelf
from edge.settings import FLAG, Folders, Settings, load_settings
from edge.store.conversations import Conversations
from edge.store.database import Database, open_database
from edge.store.state import State

# Some twenty conversations of 4,096 tokens on a 0.5B, five on a Qwen3; the oldest go first.
SNAPSHOT_BUDGET_BYTES = 1 * GIB


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model that was looked at and fits: its file's header, and the memory it takes."""

    model: Model
    header: Header
    fit: Fit

    @property
    def notice(self) -> Notice | None:
        """What the user should know of the file, if anything."""
        sha256 = self.header.template_sha256
        if sha256 is None or sha256 in known_template_hashes:
            return None
        return Notice(
            NoticeCode.UNKNOWN_TEMPLATE,
            f"the file carries a chat template edge has not seen; "
            f"{self.model.spec.template!r} is used",
        )


class Runtime:
    """Loaded engines and the store, one per process; sessions share it.

    A context manager. Any thread may open sessions; one reply is written at a time.
    """

    def __init__(
        self,
        engine: Engine,
        spec: ModelSpec,
        database: Database,
        settings: Settings,
        loaded: Loaded | None = None,
    ) -> None:
        self.engine = engine
        self.spec = spec
        self.settings = settings
        self.loaded = loaded
        self.conversations = Conversations(database)
        self._database = database
        self._closing = threading.Lock()
        self._sessions: WeakSet[Session] = WeakSet()

    @property
    def _opening(self) -> tuple[Notice, ...]:
        notice = self.loaded.notice if self.loaded else None
        return (notice,) if notice else ()

    @property
    def model_name(self) -> str:
        """What to type for the model that answers."""
        return self.loaded.model.name if self.loaded else self.spec.name

    @property
    def n_ctx(self) -> int:
        """Tokens the context holds."""
        return self.loaded.fit.n_ctx if self.loaded else self.settings.n_ctx or DEFAULT_N_CTX

    def session(
        self,
        conversation: str | None = None,
        *,
        resume: bool = False,
        system: str | None = None,
    ) -> Session:
        """A new conversation, or an old one: by its id, or with `resume` the latest.

        Raises UnknownName when there is no such conversation.
        """
        s = self.settings
        wishes = Wishes(s.thinking, s.temperature, s.max_tokens, s.seed)
        answering = Answering(self.engine, self.spec, self.n_ctx, wishes, self.model_name)
        old = self.conversations.get(conversation) if conversation else None
        if resume and old is None:
            old = self.conversations.latest()
            if old is None:
                raise UnknownName("there is no conversation to continue", hint="edge chat")
        session = Session(answering, self.conversations, old, s.system or "", self._opening)
        # An old conversation keeps its own system prompt unless a new one was asked for.
        asked = s.system if system is None and s.origin("system") == FLAG else system
        if asked is not None and asked != session.system:
            session.set_system(asked)
        self._sessions.add(session)
        return session

    def unload(self) -> None:
        """Give the model's memory back until the next prompt."""
        if isinstance(self.engine, EdgeEngine):
            self.engine.unload()

    def close(self) -> None:
        """End replies, the engine and the store, in this order; a second call does nothing."""
        with self._closing:
            for session in list(self._sessions):
                session.close()
            self.engine.close()
            self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def open(model: str | None = None, **flags: Any) -> Runtime:
    """Open a model that is on this machine; no network is used.

    `model` None is the one used last, else the best on the shelf.
    `flags` are settings (`n_ctx`, `thinking`, `system`, `temperature` …).
    Raises UnknownName when the model is not here (the hint says how to pull
    it), DoesNotFit when it needs more memory than is free.
    """
    folders = Folders.find()
    settings = load_settings(flags={"model": model, **flags}, folders=folders)
    library = open_library(folders)
    chosen = choose(library, settings, State(folders))
    if chosen is None:
        raise UnknownName("no model is on this machine yet", hint="edge pull qwen2.5-0.5b")
    return open_model(chosen, settings, folders)


def open_library(folders: Folders) -> Library:
    """Everything that has a name on this machine."""
    return Library(load_catalog(), Shelf(folders.models))


def choose(library: Library, settings: Settings, state: State) -> Model | None:
    """The model named, else the one used last, else the best that is here; None if none is.

    A model used last that is gone since then counts as none.
    """
    if settings.model:
        return library.find(settings.model)
    here = {model.name: model for model in library.here()}
    if not here or state.last_model in here:
        return here.get(state.last_model or "")
    choices = [(model.spec, model.quant) for model in here.values()]
    best = best_of(choices, library.catalog, probe_device())
    return next(model for model in here.values() if (model.spec, model.quant) == best)


def open_model(model: Model, settings: Settings, folders: Folders) -> Runtime:
    """Look at the file, see that it fits, and open the store; the engine loads when first asked."""
    loaded = load(model, settings, probe_device())
    database = open_database(folders.store)
    Conversations(database).recover()
    State(folders).remember_model(model.name)
    engine = EdgeEngine(engine_options(loaded, settings, folders))
    return Runtime(engine, model.spec, database, settings, loaded)


def load(model: Model, settings: Settings, device: DeviceProfile) -> Loaded:
    """Preflight and fit; raises UnknownName, BadModelFile, UnsupportedModel or DoesNotFit."""
    if model.weights is None:
        raise UnknownName(
            f"{model.name!r} ({show_bytes(model.quant.size_bytes)}) is not on this machine",
            hint=f"edge pull {model.name}",
        )
    header = preflight(model.weights.path)
    if header.arch != model.spec.arch:
        raise UnsupportedModel(
            f"{model.name!r} should be {model.spec.arch!r} and the file is {header.arch!r}",
            hint=f"edge verify {model.name}",
        )
    shape = Shape.of_header(header)
    n_ctx = settings.n_ctx or default_n_ctx(shape, device, repacks=repacks(settings))
    n_ctx = min(n_ctx or DEFAULT_N_CTX, header.n_ctx_train)
    held = fit(shape, device, n_ctx, repacks=repacks(settings))
    if not held.fits:
        refuse_unless_fits(held, model.name, load_catalog())
    return Loaded(model, header, held)


def engine_options(loaded: Loaded, settings: Settings, folders: Folders) -> EngineOptions:
    """How to run a model here."""
    assert loaded.model.weights is not None
    device = probe_device()
    return EngineOptions(
        path=str(loaded.model.weights.path),
        template=loaded.model.spec.template,
        n_ctx=loaded.fit.n_ctx,
        n_threads=settings.n_threads or device.n_cores,
        threads_fixed=settings.n_threads is not None,
        reasons=loaded.model.spec.thinking is not Thinking.NEVER,
        gpu=not settings.cpu_only,
        layout=Layout(repack=repacks(settings)),
        rereads=not device.on_battery,
        keep=kept_timelines(loaded, settings, folders),
    )


def kept_timelines(loaded: Loaded, settings: Settings, folders: Folders) -> Keep | None:
    """Where timelines are kept between runs: beside the talk they hold, as private as it is."""
    if not settings.snapshots or loaded.model.weights is None:
        return None
    return Keep(str(folders.data / "snapshots"), loaded.model.weights.sha256, SNAPSHOT_BUDGET_BYTES)


def repacks(settings: Settings) -> bool:
    """Whether the engine keeps a reordered copy of the weights.

    On x86 it costs half the weights again for no prefill gain (measured); on
    ARM prefill is published as 2.7 times faster with it.
    """
    if settings.memory == MemoryPolicy.LOW:
        return False
    return platform.machine().lower() in ("arm64", "aarch64")
