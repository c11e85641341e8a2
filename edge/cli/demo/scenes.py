"""What `edge demo` shows, in order: each turn is one of `edge chat`, each command the real one."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.text import Text

from edge.cli.main import run
from edge.cli.page.streams import is_terminal
from edge.cli.page.writer import standard_writer
from edge.cli.talk.opening import Desk, Talk
from edge.cli.talk.turn import AS_USUAL, Asking, take_turn, tell_who, was_stopped
from edge.cli.words import chat as words_chat
from edge.cli.words import cloud_chat as words_cloud_chat
from edge.cli.words import demo as words
from edge.core.decision import Reason, Target
from edge.core.errors import Cancelled, EdgeError, PrivacyRefused
from edge.demo.stand_in import Answer
from edge.engine.edge.engine import EdgeEngine
from edge.models.library import Model

ANSWERS = (Answer(words.LONG_ANSWER), Answer(words.CUT_ANSWER, is_cut=True))
MOST_TOKENS = 48  # of a reply: a slow machine writes some ten in a second
_SHOWN_CHARS = 72
_PAUSE_S = 2.5  # two lines are read in it


class Stage:
    """Where it is shown: captions for the eye, and chats and commands as they are."""

    def __init__(self, desk: Desk, model: Model, *, fast: bool) -> None:
        self._desk, self._model = desk, model
        self._console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
        self._writer = standard_writer()
        self._pause_s = 0.0 if fast or not is_terminal(sys.stdout) else _PAUSE_S
        self.isolated = False

    @property
    def model(self) -> str:
        """The name of the model that answers on the device."""
        return self._model.name

    def tell(self, caption: str) -> None:
        """A caption, once there was time to read what came before it."""
        time.sleep(self._pause_s)
        lines = "\n".join(f"# {line}" for line in caption.splitlines())
        self._console.print(Text(f"\n{lines}", style="bold"))

    @contextmanager
    def chat(self, conversation: str | None = None) -> Iterator[Talk]:
        """A chat as `edge chat` opens it, gone on with where there is one."""
        continued = " --continue" if conversation else ""
        self._typed("$ edge chat", continued)
        with self._desk.open(self._model) as runtime:
            talk = Talk(self._desk, runtime, runtime.session(conversation))
            self._writer.note(_header(talk))
            yield talk
            engine = runtime.engine
            self.isolated = isinstance(engine, EdgeEngine) and engine.isolated

    def ask(self, talk: Talk, prompt: str, *told: Reason) -> None:
        """A turn; raises EdgeError unless its engines answered for these reasons."""
        self._typed("> ", words.pasted(prompt, _SHOWN_CHARS))
        done = take_turn(talk, prompt, self._writer, AS_USUAL)
        tell_who(talk, done, self._writer)
        if was_stopped(done):
            raise KeyboardInterrupt
        came = [attempt.decision.reason for attempt in done.attempts]
        if came != list(told):
            raise _otherwise(told, came)

    def insist(self, talk: Talk, prompt: str) -> None:
        """The same turn for the cloud and nobody else, which is refused."""
        self._typed("> ", "/cloud")
        try:
            take_turn(talk, prompt, self._writer, Asking(Target.CLOUD))
        except PrivacyRefused as refused:
            self._writer.note(f"edge: {refused.line()}")
        else:
            raise _otherwise([Reason.PRIVATE], [Reason.ASKED])

    def type(self, *arguments: str) -> None:
        """A command of edge, run as its user would."""
        quoted = [f'"{word}"' if " " in word else word for word in arguments]
        self._typed("$ edge ", " ".join(quoted))
        code = run(arguments)
        if code == Cancelled.exit_code:
            raise KeyboardInterrupt
        if code:
            raise typer.Exit(code)

    def _typed(self, mark: str, text: str) -> None:
        self._console.print(Text(f"{mark}{text}", style="cyan"))


def play(stage: Stage, host: str) -> None:
    """All of it; raises an EdgeError where it goes otherwise than its captions say."""
    stage.tell(words.opens(stage.model, host))
    stage.type("policy", "show")
    with stage.chat() as talk:
        for scene in (_short, _long, _private, _cut):
            scene(stage, talk)
        conversation = talk.session.conversation_id
    stage.tell(words.budget())
    stage.type("budget")
    stage.type("budget", "set", "--month", words.CAP)
    with stage.chat(conversation) as talk:
        stage.ask(talk, words.CAPPED_PROMPT, Reason.BUDGET)
        stage.type("why")


def _short(stage: Stage, talk: Talk) -> None:
    stage.tell(words.on_device())
    stage.ask(talk, words.SHORT_PROMPT, Reason.DEFAULT)
    stage.type("why")


def _long(stage: Stage, talk: Talk) -> None:
    stage.tell(words.for_its_length())
    stage.ask(talk, words.LONG_PROMPT, Reason.RULE)
    stage.type("why")


def _private(stage: Stage, talk: Talk) -> None:
    stage.tell(words.stays_private())
    stage.ask(talk, words.PRIVATE_PROMPT, Reason.PRIVATE)
    stage.type("why")
    stage.tell(words.insists())
    stage.insist(talk, words.PRIVATE_PROMPT)
    stage.type("sent")


def _cut(stage: Stage, talk: Talk) -> None:
    stage.tell(words.breaks_off())
    stage.ask(talk, words.CUT_PROMPT, Reason.RULE, Reason.CLOUD_FAILED)
    stage.type("why")


def _header(talk: Talk) -> str:
    cloud, model = talk.cloud, talk.model
    assert cloud is not None
    policy = talk.session.routes.policy.name
    behind = words_cloud_chat.header(cloud.models[0].name, cloud.provider.host, cloud.mode, policy)
    return words_chat.header(model.spec.name, model.quant.name, talk.runtime.n_ctx, behind)


def _otherwise(told: Iterable[Reason], came: Iterable[Reason]) -> EdgeError:
    said = words.otherwise(", ".join(told), ", ".join(came))
    return EdgeError(said, hint="edge doctor")
