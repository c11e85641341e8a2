"""The way to a cloud, opened from settings: whom, by which policy, with which key and books."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field

from edge.chat.attempts import Attempts
from edge.chat.breaker import settings_fingerprint
from edge.chat.gauge import Gauge
from edge.chat.in_cloud import InCloud
from edge.chat.routes import Routes
from edge.chat.trust import Trust
from edge.core.cloud import CloudMode, Provider
from edge.core.errors import UsageError
from edge.core.event import Usage
from edge.core.say import say
from edge.engine.protocol import Answered, CloudSide
from edge.models.catalog import load_catalog, with_own_clouds
from edge.models.clouds import cloud_models
from edge.routing.detect.finding import OwnWords
from edge.routing.policy import Policy
from edge.routing.policy_file import choose_policy
from edge.settings.chosen import Settings, load_settings
from edge.settings.cloud import CloudSettings, load_cloud
from edge.settings.folders import Folders
from edge.settings.keys import KeptKey, find_key, needs_key
from edge.store.caps import effective_caps
from edge.store.conversations import Conversations
from edge.store.database import Database, open_database
from edge.store.health import Health
from edge.store.ledger import Ledger
from edge.store.past import PrivateNews
from edge.store.policies import Policies
from edge.store.sent import SendBook

# Enough for quantiles that mean something, and read in a millisecond or two.
_REMEMBERED_ATTEMPTS = 100
# Copies of private text are found in other conversations, too: of the newest 300,000
# letters, which take a third of a second behind the prompt line and 20 MiB.
_REMEMBERED_CHARS = 300_000


@dataclass(eq=False)
class Outside:
    """The routes of a runtime, with what must be closed after them: its own `books`, too."""

    routes: Routes = field(default_factory=Routes)
    door: CloudSide | None = None
    books: Database | None = None

    def close(self) -> None:
        """Close the door, then the books; a second call does nothing."""
        if self.door is not None:
            self.door.close()
        if self.books is not None:
            self.books.close()


def open_outside(settings: Settings, folders: Folders, kept: Database | None = None) -> Outside:
    """What the settings say of a cloud; while it is off there is none, and nothing is read of it.

    `kept` is the store that holds the talk, if that is on disk. The books are there
    whatever is kept of it: a cap that is forgotten with a process would not hold.
    """
    chosen = load_cloud(folders)
    if settings.offline or chosen.mode is CloudMode.OFF or chosen.provider is None:
        return Outside()
    policy = policy_of(chosen, folders)
    key = find_key(chosen.provider.name, folders)
    # One connection for both, or what the talk writes would look like another process's.
    books = kept or open_database(folders.store)
    try:
        Policies(books).keep(policy.text_hash, policy.name, policy.text)
        door = open_door(chosen.provider, key, books)
        attempts = _attempts(chosen, chosen.provider, policy, key, (door, books, folders))
        usages = Conversations(books).usages(_REMEMBERED_ATTEMPTS)
        from edge.routing.detect.all import detectors_ready  # as heavy as the client

        has_key = key is not None or not needs_key(chosen.provider)
        gauge = Gauge(usages, has_key, detectors_ready())
    except BaseException:
        if kept is None:
            books.close()
        raise
    routes = Routes(policy, attempts, gauge, chosen.new_label)
    return Outside(routes, door, None if kept else books)


@dataclass(frozen=True, slots=True)
class Tried:
    """A cloud that answered: where it is, which model, how fast, and at what cost."""

    host: str
    model: str
    usage: Usage


def try_cloud(folders: Folders) -> Tried:
    """Ask the cloud for a word or two, whatever its breaker says; raises what came instead."""
    with closing(open_outside(load_settings(folders=folders), folders)) as outside:
        attempts = outside.routes.attempts
        if attempts is None:
            raise UsageError(say("the cloud is off"), hint="edge cloud login")
        errand = attempts.cloud.greeting()
        answered = [
            event for event in attempts.stream(errand, "test") if isinstance(event, Answered)
        ]
        return Tried(attempts.cloud.provider.host, errand.request.model, answered[-1].usage)


def policy_of(chosen: CloudSettings, folders: Folders) -> Policy:
    """The policy in force; raises UsageError for one that cannot be read."""
    return choose_policy(chosen.policy, folders.config / "policy.toml")


def open_door(provider: Provider, key: KeptKey | None, books: Database) -> CloudSide:
    """The engine that asks a provider; every send is written into the books first."""
    # An HTTP client costs a tenth of a second: only those with a cloud pay.
    from edge.engine.cloud import CloudEngine

    return CloudEngine(provider, key.secret if key else None, SendBook(books))


def _attempts(
    chosen: CloudSettings,
    provider: Provider,
    policy: Policy,
    key: KeptKey | None,
    opened: tuple[CloudSide, Database, Folders],
) -> Attempts:
    door, books, folders = opened
    catalog = with_own_clouds(load_catalog(), folders.config / "clouds.toml")
    models = cloud_models(chosen, catalog.clouds)
    cloud = InCloud(
        provider=provider,
        mode=chosen.mode,
        models=models,
        caps=effective_caps(policy.caps, chosen.caps),
        own=OwnWords(chosen.words, chosen.patterns),
        strict_model=chosen.strict_model,
    )
    cloud.follow_private(PrivateNews(books, _REMEMBERED_CHARS).read)
    secret = key.secret if key else None
    fingerprint = settings_fingerprint(provider, [spec.name for spec in models], secret)
    trust = Trust(Health(books), provider.name, fingerprint)
    return Attempts(door, cloud, Ledger(books), trust)
