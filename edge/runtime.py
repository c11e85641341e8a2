"""The embedder's door: an engine and a store, opened from settings, and the sessions on them.

    with edge.open() as runtime:
        for event in runtime.session().send("hi"):
            ...

What is opened, and how it is run, is decided in `edge.loading`.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from types import TracebackType
from typing import Any, Self
from weakref import WeakSet

from edge.chat.answering import Answering, Wishes
from edge.chat.session import Session
from edge.core.conversation import WhenFull
from edge.core.errors import EdgeError, UnknownName
from edge.core.event import Notice
from edge.core.say import say
from edge.core.spec import ModelSpec
from edge.device.probe import probe_device
from edge.engine.edge.engine import EdgeEngine
from edge.engine.edge.threads import best_count
from edge.engine.protocol import Engine
from edge.loading.forgetting import forget_conversation
from edge.loading.model import (
    Loaded,
    choose,
    engine_options,
    load,
    measured_here,
    open_library,
    tried_here,
)
from edge.loading.routes import Outside, open_outside
from edge.models.fit import DEFAULT_N_CTX
from edge.models.library import Model
from edge.settings.chosen import FLAG, Settings, load_settings
from edge.settings.folders import Folders
from edge.store.conversations import Conversations
from edge.store.database import Database, open_database, open_in_memory
from edge.store.drafts import Drafts
from edge.store.search import Hit, Search
from edge.store.state import State


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
        self.drafts = Drafts(database)
        self._database = database
        self.outside = Outside()  # nothing leaves
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
        private: bool = False,
    ) -> Session:
        """A new conversation, or an old one: by its id, or with `resume` the latest.

        `private` locks it: nothing of it leaves the machine, now or later. Raises
        UnknownName when there is no such conversation.
        """
        s = self.settings
        wishes = Wishes(s.thinking, s.temperature, s.max_tokens, s.seed)
        answering = Answering(self.engine, self.spec, self.n_ctx, wishes, self.model_name)
        old = self.conversations.get(conversation) if conversation else None
        if resume and old is None:
            old = self.conversations.latest()
            if old is None:
                raise UnknownName(say("there is no conversation to continue"), hint="edge chat")
        talk = answering, self.conversations, old, s.system or "", self._opening
        session = Session(*talk, self.outside.routes)
        session.set_when_full(WhenFull(s.when_full))
        if private:
            session.make_private()
        # An old conversation keeps its own system prompt unless a new one was asked for.
        asked = s.system if system is None and s.origin("system") == FLAG else system
        if asked is not None and asked != session.system:
            session.set_system(asked)
        self._sessions.add(session)
        return session

    def search(self, words: str, limit: int = 20) -> tuple[Hit, ...]:
        """The newest messages that hold all the words, in every conversation; raises UsageError."""
        return Search(self._database).find(words, limit)

    def unload(self) -> None:
        """Give the model's memory back until the next prompt."""
        if isinstance(self.engine, EdgeEngine):
            self.engine.unload()

    def delete(self, conversation_id: str) -> None:
        """Remove a conversation, its timeline on disk, and those of all system prompts.

        Its sessions are closed and the engine is unloaded first, which ends a reply
        that is being written: what they hold would be kept again. Raises UnknownName.
        """
        self.conversations.require(conversation_id)
        for session in list(self._sessions):
            if session.conversation_id == conversation_id:
                session.close()
        self.unload()
        if self.settings.save:
            forget_conversation(self._database.path, self.conversations, conversation_id)
        else:
            self.conversations.delete(conversation_id)

    def close(self) -> None:
        """End replies, the engine and the store, in this order; a second call does nothing."""
        # Whatever fails, all of them are closed; what failed is told at the end.
        with self._closing, ExitStack() as ends:
            ends.callback(self._database.close)
            ends.callback(self.outside.close)
            ends.callback(self.engine.close)
            for session in list(self._sessions):
                ends.callback(session.close)

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
        raise UnknownName(say("no model is on this machine yet"), hint="edge pull qwen2.5-0.5b")
    return open_model(chosen, settings, folders)


def open_model(model: Model, settings: Settings, folders: Folders) -> Runtime:
    """Look at the file, see that it fits, and open the store; the engine loads when first asked."""
    loaded = load(model, settings, probe_device(), measured_here(model, folders))
    database = open_database(folders.store) if settings.save else open_in_memory(folders.store)
    try:
        Conversations(database).recover()
        outside = open_outside(settings, folders, database if settings.save else None)
    except BaseException:
        database.close()
        raise
    state, tried = State(folders), tried_here(model)
    if settings.save:
        state.remember_model(model.name)

    def remember(tps: Sequence[tuple[int, float]]) -> None:
        with suppress(EdgeError):  # a convenience: found out again, the next time
            state.remember_threads(tried, best_count(tps))

    heard = remember if settings.save else (lambda _: None)
    engine = EdgeEngine(engine_options(loaded, settings, folders), on_swept=heard)
    runtime = Runtime(engine, model.spec, database, settings, loaded)
    runtime.outside = outside
    return runtime
