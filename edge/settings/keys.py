"""The keys of providers: a variable, the system's key store, or a file that is the user's alone.

A key is looked for in this order, and the first found is used:

    DASHSCOPE_API_KEY                for dashscope; for another, EDGE_NAME_API_KEY
    the system's key store           service "edge", user NAME; needs `keyring`
    key below [cloud.NAME]           in config.toml, where it is 0600
    keys.toml                        beside it, 0600, where `edge cloud login` found no store

A key store that is missing, that fails, or that does not answer in time is none.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from edge.core.cloud import Provider, Secret
from edge.core.errors import UsageError
from edge.core.say import noted, say, say_noted
from edge.settings.config_file import insist_private, read_config
from edge.settings.folders import Folders
from edge.settings.hosts import CODING_PLAN_PREFIX, CODING_PLAN_URL
from edge.settings.providers import BUILT_IN

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

Answer = TypeVar("Answer")

KEYRING = noted("the system's key store")
_SERVICE = "edge"
_BUILT_IN_VARIABLE = "DASHSCOPE_API_KEY"
_VARIABLE_END = "_API_KEY"
_LONGEST_KEY = 512
# A locked store asks its owner, and a bus without a store behind it says nothing at all.
_PATIENCE_S = 5.0
_PATIENCE_WITH_OWNER_S = 60.0
# Backends below ask for a password in the terminal, keep plain text, or keep nothing.
_LEAST_PRIORITY = 1


@dataclass(frozen=True, slots=True)
class KeptKey:
    """A key, and the place it comes from as a person would name it."""

    secret: Secret
    origin: str


def key_variable(provider: str) -> str:
    """The environment variable that may hold a provider's key.

    >>> key_variable("dashscope"), key_variable("my-server")
    ('DASHSCOPE_API_KEY', 'EDGE_MY_SERVER_API_KEY')
    """
    if provider == BUILT_IN:
        return _BUILT_IN_VARIABLE
    return f"EDGE_{provider.upper().replace('-', '_')}{_VARIABLE_END}"


def without_keys(environ: Mapping[str, str]) -> dict[str, str]:
    """An environment for a child process: no variable that may hold a key of ours."""
    return {name: value for name, value in environ.items() if not _is_key_variable(name)}


def _is_key_variable(name: str) -> bool:
    ours = name.startswith("EDGE_") and name.endswith(_VARIABLE_END)
    return ours or name == _BUILT_IN_VARIABLE


def needs_key(provider: Provider) -> bool:
    """Whether a provider is asked with a key only: all but one on this machine itself."""
    return not provider.is_here


def find_key(
    provider: str,
    folders: Folders,
    environ: Mapping[str, str] = os.environ,
    *,
    patience_s: float = _PATIENCE_S,
) -> KeptKey | None:
    """The key of a provider, or None; raises UsageError for one that cannot be used.

    A key store may take some 100 ms, and one that hangs `patience_s`: ask once a run.
    """
    variable = key_variable(provider)
    if environ.get(variable):
        return _kept(provider, environ[variable], variable)
    if text := _from_keyring(lambda store: store.get_password(_SERVICE, provider), patience_s):
        return _kept(provider, text, say_noted(KEYRING))
    for file, path in _files(provider, folders):
        text = _written(file, path)
        if text is not None:
            insist_private(file)
            return _kept(provider, text, str(file))
    return None


def keep_in_keyring(
    provider: str, secret: Secret, *, patience_s: float = _PATIENCE_WITH_OWNER_S
) -> bool:
    """Keep a key in the system's key store; False where there is none that keeps it."""

    def keep(store: KeyringBackend) -> bool:
        store.set_password(_SERVICE, provider, secret.reveal())
        # There are stores that forget at once and say nothing.
        return store.get_password(_SERVICE, provider) == secret.reveal()

    return _from_keyring(keep, patience_s) or False


def keep_in_file(provider: str, secret: Secret, folders: Folders) -> str:
    """Keep a key in a file of its own (0600), and return that file's name."""
    from edge.settings.edit import write_toml

    file = key_file(folders)
    if file.exists():
        insist_private(file)
    write_toml(file, {(provider,): secret.reveal()})
    return str(file)


def forget_key(provider: str, folders: Folders) -> tuple[str, ...]:
    """Forget a key wherever it is kept but in the environment; the places it was in.

    Raises UsageError or DiskFull where a file that holds it cannot be written.
    """
    from edge.settings.edit import write_toml

    found = []
    if _from_keyring(lambda store: _taken_from(store, provider), _PATIENCE_WITH_OWNER_S):
        found.append(say_noted(KEYRING))
    for file, path in _files(provider, folders):
        if _written(file, path) is not None:
            write_toml(file, {path: None})
            found.append(str(file))
    return tuple(found)


def checked_key(provider: str, text: str, origin: str) -> Secret:
    """A key as it can be sent in a header; raises UsageError, without a letter of it."""
    text = text.strip()
    if not text or len(text) > _LONGEST_KEY or not all("!" <= char <= "~" for char in text):
        raise UsageError(
            say(
                "what {origin} holds is no key: keys are up to {most} letters, digits and "
                "signs without a space",
                origin=origin,
                most=_LONGEST_KEY,
            ),
            hint=say("copy the key anew"),
        )
    if provider == BUILT_IN and text.startswith(CODING_PLAN_PREFIX):
        raise UsageError(
            say(
                "{origin} holds a key of the Coding Plan ({prefix}…), which is good for that "
                "plan's own host alone and has no price by tokens",
                origin=origin,
                prefix=CODING_PLAN_PREFIX,
            ),
            hint=say(
                "a key of Model Studio, or: edge cloud login coding-plan --base-url {url} "
                "--model NAME",
                url=CODING_PLAN_URL,
            ),
        )
    return Secret(text)


def _kept(provider: str, text: str, origin: str) -> KeptKey:
    return KeptKey(checked_key(provider, text, origin), origin)


def key_file(folders: Folders) -> Path:
    """The file for keys alone, where no key store keeps them."""
    return folders.config / "keys.toml"


def _files(provider: str, folders: Folders) -> tuple[tuple[Path, tuple[str, ...]], ...]:
    """The files a key may be written in, each with its place there."""
    in_config = (folders.config_file, ("cloud", provider, "key"))
    return (in_config, (key_file(folders), (provider,)))


def _written(file: Path, path: tuple[str, ...]) -> str | None:
    found: object = read_config(file)
    for key in path:
        found = found.get(key) if isinstance(found, dict) else None
    if found is not None and not isinstance(found, str):
        raise UsageError(
            say("{name} (from {file}) is no text", name=".".join(path), file=file),
            hint=say("edit {file}", file=file),
        )
    return found


def _taken_from(store: KeyringBackend, provider: str) -> bool:
    if store.get_password(_SERVICE, provider) is None:
        return False
    store.delete_password(_SERVICE, provider)
    return True


def _from_keyring(ask: Callable[[KeyringBackend], Answer], patience_s: float) -> Answer | None:
    """What the system's key store answers; None where there is none, or none in time."""
    answers: list[Answer] = []

    def listen() -> None:
        # Stores are other people's programs behind a bus: whatever they raise means
        # that there is no key to be had from them.
        try:
            import keyring

            store = keyring.get_keyring()
            if store.priority >= _LEAST_PRIORITY:
                answers.append(ask(store))
        except Exception:
            return

    asking = threading.Thread(target=listen, daemon=True)
    asking.start()
    asking.join(patience_s)
    return answers[0] if answers else None
