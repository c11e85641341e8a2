"""From flags to an open model and a session: what `ask` and `chat` do before they differ."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import chain

from edge.chat.handoff import Consent
from edge.chat.in_cloud import InCloud
from edge.chat.session import Session
from edge.cli.talk import piped
from edge.cli.talk.first_run import Aside, at_once, model_for
from edge.cli.talk.wanted import Wanted
from edge.cli.words import turn as words
from edge.core.conversation import Conversation
from edge.core.errors import EdgeError, UnknownName, UsageError
from edge.core.message import Label
from edge.core.say import say
from edge.loading.model import open_library
from edge.models.fit import Fit
from edge.models.library import Library, Model
from edge.runtime import Runtime, open_model
from edge.settings.chosen import FLAG, Settings, load_settings
from edge.settings.folders import Folders
from edge.store.conversations import Conversations
from edge.store.database import Database, open_database
from edge.store.state import State


@dataclass(frozen=True, slots=True)
class Desk:
    """What opening a model takes: the folders, the settings in force, and what is here."""

    folders: Folders
    settings: Settings
    library: Library
    yes: bool
    aside: Aside = at_once

    @staticmethod
    def of(wanted: Wanted, aside: Aside = at_once) -> Desk:
        """Read the settings and the catalog; `aside` is for questions, see `model_for`."""
        folders = Folders.find()
        settings = load_settings(flags=wanted.flags, folders=folders)
        return Desk(folders, settings, open_library(folders), wanted.yes, aside)

    def model(self, settings: Settings) -> Model:
        """The model these settings mean, fetched if it must be."""
        state = State(self.folders)
        return model_for(self.library, settings, state, yes=self.yes, aside=self.aside)

    def model_of(self, old: Conversation | None) -> Model:
        """The model that goes on with a conversation: the flag's, else the one it had."""
        if old is None or self.settings.origin("model") == FLAG:
            return self.model(self.settings)
        return speaker(list(self.library.here()), old.model) or self.model(self.settings)

    def open(self, model: Model) -> Runtime:
        """See that the model fits, and open it with the store."""
        return open_model(model, self.settings, self.folders)

    def conversation(self, wanted: Wanted) -> Conversation | None:
        """The conversation to go on with; raises UnknownName when there is none."""
        if wanted.conversation is None and not wanted.resume:
            return None
        if not self.settings.save:
            raise _none_is_kept(self.settings.origin("save"))
        database = open_database(self.folders.store)
        try:
            kept = Conversations(database)
            if wanted.conversation is not None:
                return kept.get(piped.text(wanted.conversation, "--conversation"))
            if latest := kept.latest():
                return latest
            raise UnknownName(say("there is no conversation to continue"), hint="edge chat")
        finally:
            database.close()


def _none_is_kept(origin: str) -> UsageError:
    by_flag = origin == FLAG
    said = "--no-save" if by_flag else f"save = false (from {origin})"
    return UsageError(words.nothing_to_go_on_with(said), hint=words.save_after_all(by_flag))


def speaker(here: Sequence[Model], kept: str) -> Model | None:
    """The model of the name that was kept, else another quant of it."""
    exact = (model for model in here if model.name == kept)
    alike = (model for model in here if model.spec.name == kept.partition(":")[0])
    return next(chain(exact, alike), None)


@dataclass
class Talk:
    """A conversation under way: the model that answers it, and the session.

    `private`: so is every conversation that is begun or gone on with.
    """

    desk: Desk
    runtime: Runtime
    session: Session
    private: bool = False

    @property
    def model(self) -> Model:
        """The model that answers."""
        assert self.runtime.loaded is not None
        return self.runtime.loaded.model

    @property
    def fit(self) -> Fit:
        """How that model fitted into the memory that was free when it was opened."""
        assert self.runtime.loaded is not None
        return self.runtime.loaded.fit

    @property
    def saved(self) -> bool:
        """Whether what is said is kept."""
        return self.runtime.settings.save

    @property
    def cloud(self) -> InCloud | None:
        """The cloud that stands behind the device, if there is one."""
        attempts = self.session.routes.attempts
        return attempts.cloud if attempts else None

    @contextmanager
    def books(self) -> Iterator[Database | None]:
        """The store on disk; None where this talk has written nothing there."""
        if not self.saved and self.cloud is None:
            yield None
            return
        database = open_database(self.desk.folders.store)
        try:
            yield database
        finally:
            database.close()

    def begin_anew(self) -> None:
        """Another conversation, with the same system prompt and wishes.

        The system prompt of a private talk goes into a private one alone, unless it is
        the one of the settings.
        """
        old, own = self.session, self.desk.settings.system or ""
        is_private = Label.PRIVATE in (old.label, old.system_label)
        private = self.private or (is_private and bool(old.system) and old.system != own)
        self.session = self._session_of(self.runtime, None, old.system, private)

    def load(self, name: str) -> None:
        """Go on with a conversation that was kept, under this model; raises UnknownName."""
        old = self.runtime.conversations.get(name)
        self.session = self._session_of(self.runtime, old.id, old.system, self.private)
        _remember_model(self.runtime, self.session)

    def prepare(self) -> None:
        """Load what answers now, while nobody waits; what fails is told with the next prompt."""
        engine = self.runtime.engine

        def load() -> None:
            with suppress(EdgeError):
                engine.prepare()

        threading.Thread(target=load, daemon=True).start()

    def switch(self, name: str) -> bool:
        """Go on with another model, pulled if it must be; False where it answers already.

        Raises an EdgeError; this one is kept then.
        """
        model = self.desk.model(replace(self.desk.settings, model=name))
        if model.name == self.model.name:
            return False
        # Its memory is what the other one needs; asked again, it would load again.
        self.runtime.unload()
        runtime, old = self.desk.open(model), self.runtime
        session = self.session
        # What was locked before its first prompt is not in the store yet.
        private = session.label is Label.PRIVATE
        try:
            self.session = self._session_of(
                runtime, session.conversation_id, session.system, private
            )
        except BaseException:
            runtime.close()
            raise
        self.runtime = runtime
        _remember_model(runtime, self.session)
        old.close()
        return True

    def _session_of(
        self, runtime: Runtime, conversation_id: str | None, system: str, private: bool
    ) -> Session:
        session = runtime.session(conversation_id, system=system, private=private)
        session.set_thinking(self.session.answering.wishes.thinking)
        session.set_when_full(self.session.when_full)
        session.consent = self.session.consent
        return session


@contextmanager
def opened(
    wanted: Wanted, consent: Consent | None = None, aside: Aside = at_once
) -> Iterator[Talk]:
    """Everything a conversation takes; closed again at the end.

    `consent` is asked before anything is sent that the user wants to be asked about;
    `aside` is for the questions of a first run, see `model_for`.
    """
    desk = Desk.of(wanted, aside)
    old = desk.conversation(wanted)
    with desk.open(desk.model_of(old)) as runtime:
        session = runtime.session(old.id if old else None, private=wanted.private)
        session.consent = consent
        talk = Talk(desk, runtime, session, wanted.private)
        try:
            _remember_model(runtime, talk.session)
            yield talk
        finally:
            talk.runtime.close()  # another one, after /model


def _remember_model(runtime: Runtime, session: Session) -> None:
    """Keep with the conversation who answers it from now on."""
    old = session.conversation
    if old is not None and old.model != runtime.model_name:
        runtime.conversations.set_model(old.id, runtime.model_name)
