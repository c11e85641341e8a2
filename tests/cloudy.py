"""Sessions with a cloud: a real store, the real door, and a scripted server on loopback.

with cloudy(tmp_path, reply("Hello!"), edge=["Hi from here."]) as sky:
    events = sky.say("hello")
assert sky.server.requests[0].json["messages"][-1]["content"] == "hello"
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from cloud_server import MODEL, CloudServer, Script
from edge.chat.answering import Answering, Wishes
from edge.chat.attempts import Attempts
from edge.chat.gauge import Gauge
from edge.chat.in_cloud import InCloud
from edge.chat.routes import Routes
from edge.chat.session import Session
from edge.chat.trust import Trust
from edge.core.cloud import Cap, CloudMode, Deadlines, Dialect, Provider, Scope, Secret
from edge.core.event import Channel, Delta, Done, Event
from edge.core.message import Label
from edge.core.spec import CloudSpec, Price, PriceTier
from edge.core.units import Money
from edge.engine.cloud import CloudEngine
from edge.engine.protocol import Engine
from edge.engine.scripted import Reply, ScriptedEngine
from edge.models.catalog import load_catalog
from edge.routing.policy import Policy
from edge.routing.policy_file import load_policy
from edge.store.conversations import Conversations
from edge.store.database import Database, open_database
from edge.store.health import Health
from edge.store.ledger import Ledger
from edge.store.sent import SendBook

# Short, and still long for a server on this machine where others are busy on it.
SHORT = Deadlines(connect_s=2.0, first_byte_s=4.0, gap_s=0.6, total_s=8.0)
CLOUD_FIRST = 'schema_version = 1\nname = "test"\ndefault = "cloud"\n'


def yuan(amount: str) -> Money:
    """An amount of the money these prices are in."""
    return Money(Decimal(amount), "CNY")


PRICE = Price(
    "mainland", (PriceTier(None, yuan("1"), yuan("4"), yuan("8")),), date(2026, 11, 1), "this test"
)
USUAL = CloudSpec(MODEL, 1_000_000, 32_768, (PRICE,))
LONG = CloudSpec("qwen-long", 10_000_000, 8_192, (PRICE,))


@dataclass
class Sky:
    """One session, and everything around it that a test looks at."""

    server: CloudServer
    session: Session
    database: Database
    attempts: Attempts
    engine: Engine

    def say(self, text: str, **how: Any) -> list[Event]:
        """Send a prompt and take all that happens."""
        return list(self.session.send(text, **how))

    @property
    def ledger(self) -> Ledger:
        """The books, to look at."""
        return self.attempts.ledger


def answer_of(events: Iterable[Event]) -> str:
    """The answer as a reader saw it."""
    return "".join(e.text for e in events if isinstance(e, Delta) and e.channel is Channel.ANSWER)


def done_of(events: list[Event]) -> Done:
    """The end of a turn."""
    assert isinstance(events[-1], Done)
    return events[-1]


def policy(text: str = CLOUD_FIRST, **changed: Any) -> Policy:
    """A policy that sends everything it may, unless told otherwise."""
    return replace(load_policy(text, "test.toml"), **changed)


@contextmanager
def cloudy(
    home: Path,
    *scripts: Script,
    edge: Engine | Iterable[str | Reply] = (),
    by: Policy | None = None,
    url: str = "",
    **more: Any,
) -> Iterator[Sky]:
    """A session whose cloud follows `scripts`, and whose device says `edge`."""
    engine = edge if hasattr(edge, "stream") else ScriptedEngine(edge)  # type: ignore[arg-type]
    database = open_database(home / "edge.db")
    with CloudServer(*scripts) as server:
        provider = Provider(
            "dashscope",
            url or server.base_url,
            more.pop("dialect", Dialect.DASHSCOPE),
            (MODEL, "qwen-long"),
            "mainland",
        )
        door = CloudEngine(provider, Secret("sk-0123456789abcdef"), SendBook(database))
        caps = more.pop("caps", (Cap(Scope.MONTH, yuan("20")),))
        mode = more.pop("mode", CloudMode.AUTO)
        cloud = InCloud(provider, mode, more.pop("clouds", (USUAL, LONG)), caps)
        trust = Trust(Health(database), provider.name)
        attempts = Attempts(door, cloud, Ledger(database), trust)
        gauge = Gauge((), has_key=True, detectors_ready=True)
        label, waits = more.pop("label", Label.PUBLIC), more.pop("waits", SHORT)
        routes = Routes(by or policy(), attempts, gauge, label, waits)
        n_ctx, wishes = more.pop("n_ctx", 4096), more.pop("wishes", Wishes())
        answering = Answering(engine, load_catalog().find("qwen2.5-0.5b")[0], n_ctx, wishes)
        session = Session(answering, Conversations(database), routes=routes, **more)
        try:
            yield Sky(server, session, database, attempts, engine)
        finally:
            session.close()
            door.close()
            database.close()
