"""Turning the cloud on and off: everything is asked and checked before anything is written."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import typer

from edge.cli.cloud.questions import asked_key, choose, one_of, piped_key
from edge.cli.cloud.status import policy_in_force
from edge.cli.page.streams import is_terminal
from edge.cli.progress import can_ask, confirm
from edge.cli.table import printable
from edge.cli.words import cloud as words
from edge.cli.words import cloud_login as login_words
from edge.core.cloud import CloudMode, Secret
from edge.core.errors import Cancelled, UsageError
from edge.core.say import say_noted
from edge.core.spec import CloudSpec
from edge.models.catalog import load_catalog, with_own_clouds
from edge.models.clouds import cloud_models
from edge.settings.cloud import ENV_MODE, CloudSettings, load_cloud
from edge.settings.config_file import read_config
from edge.settings.edit import Keys, Value, preview, write_settings
from edge.settings.folders import Folders
from edge.settings.keys import (
    KEYRING,
    checked_key,
    find_key,
    forget_key,
    keep_in_file,
    keep_in_keyring,
    key_file,
    key_variable,
    needs_key,
)
from edge.settings.providers import BUILT_IN

_LABELS = ("private", "public")
MODES = (CloudMode.ASK.value, CloudMode.AUTO.value)

Changes = dict[Keys, Value]


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the words of the command said; None and False: nothing."""

    provider: str | None
    region: str | None
    workspace: str | None
    base_url: str | None
    model: str | None
    new: str | None
    mode: str | None
    yes: bool

    @property
    def asks(self) -> bool:
        """Whether somebody is there to be asked, and wants to be."""
        return can_ask() and not self.yes


def log_in(wishes: Wishes, folders: Folders, environ: Mapping[str, str] = os.environ) -> None:
    """Turn the cloud on. Raises UsageError or Cancelled, and then nothing was changed."""
    _refuse_without_detectors()
    new, mode = one_of(wishes.new, "--new", _LABELS), one_of(wishes.mode, "--mode", MODES)
    document = read_config(folders.config_file)
    name = wishes.provider or _table(document, "cloud").get("provider") or BUILT_IN
    changes = _provider_changes(wishes, str(name), _table(document, "cloud"))
    settings = preview(folders, changes)
    key = _key(settings, folders, environ)
    # Asked once: an answer of before stands.
    new = new or _table(document, "privacy").get("new")
    new = new or choose(_LABELS, login_words.ask_new() if wishes.asks else None)
    mode = mode or choose(MODES, login_words.ask_mode() if wishes.asks else None)
    changes |= {("privacy", "new"): new, ("cloud", "mode"): mode}
    preview(folders, changes)
    origin = _keep(key, settings, folders, wishes)
    write_settings(folders, changes)
    for line in _summary(folders, preview(folders, {}), origin, environ):
        typer.echo(printable(line))


def log_out(provider: str | None, folders: Folders) -> None:
    """Turn the cloud off, then forget the key; raises UsageError."""
    document = read_config(folders.config_file)
    in_use = load_cloud(folders, {}).provider.name
    name = provider or in_use
    if name == in_use and "mode" in _table(document, "cloud"):
        write_settings(folders, {("cloud", "mode"): CloudMode.OFF.value})
    off = load_cloud(folders, {}).mode is CloudMode.OFF
    typer.echo(printable(words.logged_out(off, forget_key(name, folders))))
    for variable in (key_variable(name), ENV_MODE):
        if os.environ.get(variable):
            typer.echo(printable(words.still_set(variable)))


def _refuse_without_detectors() -> None:
    from edge.routing.detect.all import detectors_ready

    if not detectors_ready():
        raise UsageError(words.detectors_missing(), hint=words.how_to_install())


def _table(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A table of the file as it is; whether it may be so is for `preview` to say."""
    found = document.get(name)
    return found if isinstance(found, dict) else {}


def _provider_changes(wishes: Wishes, name: str, cloud: Mapping[str, Any]) -> Changes:
    """Who is asked, where, and for which model."""
    here: tuple[str, ...] = ("cloud", name)
    changes: Changes = {("cloud", "provider"): name}
    if wishes.base_url:
        changes[(*here, "base_url")] = wishes.base_url
    elif name == BUILT_IN and (wishes.region or wishes.workspace):
        changes[(*here, "base_url")] = None
    elif name != BUILT_IN and not isinstance(cloud.get(name), dict):
        raise UsageError(
            login_words.needs_an_address(name), hint=login_words.how_to_give_an_address(name)
        )
    if name != BUILT_IN and (wishes.region or wishes.workspace):
        raise UsageError(login_words.region_or_address(name), hint="edge cloud login --help")
    for key, value in (("region", wishes.region), ("workspace", wishes.workspace)):
        if value:
            changes[(*here, key)] = value
    return changes | _model_changes(wishes, name, cloud)


def _model_changes(wishes: Wishes, name: str, cloud: Mapping[str, Any]) -> Changes:
    """The model to ask; those of another provider are of no use here."""
    changes: Changes = {}
    if cloud.get("provider", BUILT_IN) != name:
        changes = {("cloud", "model"): None, ("cloud", "long_model"): None}
    listed = _table(cloud, name).get("models", [])
    if wishes.model:
        changes[("cloud", "model")] = wishes.model
        if name != BUILT_IN and isinstance(listed, list) and wishes.model not in listed:
            changes[("cloud", name, "models")] = [wishes.model, *listed]
    elif name != BUILT_IN and not listed:
        raise UsageError(
            login_words.needs_an_address(name), hint=login_words.how_to_give_an_address(name)
        )
    return changes


def _key(settings: CloudSettings, folders: Folders, environ: Mapping[str, str]) -> Secret | None:
    """The key to keep: piped, or typed unseen. None: one that is known already, or none needed."""
    name = settings.provider.name
    variable = key_variable(name)
    if is_terminal(sys.stdin):
        text = "" if environ.get(variable) else asked_key(name)
    else:
        text = piped_key()
    if text:
        return checked_key(name, text, "what was given")
    if needs_key(settings.provider) and find_key(name, folders, environ) is None:
        raise UsageError(login_words.no_key(), hint=login_words.how_to_give_a_key())
    return None


def _keep(
    key: Secret | None, settings: CloudSettings, folders: Folders, wishes: Wishes
) -> str | None:
    """Keep a new key, and say where; None when there was none to keep."""
    name = settings.provider.name
    if key is None:
        return None
    if keep_in_keyring(name, key):
        return say_noted(KEYRING)
    if wishes.asks and not confirm(login_words.ask_file(str(key_file(folders))), default=True):
        raise Cancelled(login_words.key_not_kept())
    if not wishes.asks and not wishes.yes:
        hint = login_words.how_to_keep_in_file(key_variable(name))
        raise UsageError(login_words.no_key_store(), hint=hint)
    return keep_in_file(name, key, folders)


def _summary(
    folders: Folders, settings: CloudSettings, origin: str | None, environ: Mapping[str, str]
) -> list[str]:
    """What is on now, what it may cost, and how to turn it off."""
    usual, *_ = _models(settings, folders)
    variable = key_variable(settings.provider.name)
    lines = [login_words.logged_in(settings.mode, usual.name, settings.provider.host)]
    lines += [_whose_key(origin, settings, folders, environ)]
    lines += [login_words.variable_wins(variable)] if origin and environ.get(variable) else []
    lines += [login_words.conversations(settings.new_label)]
    currency = _currency(settings, folders)
    _, caps = policy_in_force(settings, folders)
    held = [cap for cap in caps if cap.limit.currency == currency]
    is_here = settings.provider is not None and settings.provider.is_here
    lines += [login_words.spending(held) if currency else login_words.unpriced(is_here=is_here)]
    lines += [words.turn_off()]
    if load_cloud(folders, environ).mode_from == "offline":
        lines += [login_words.offline_wins()]
    elif environ.get(ENV_MODE):
        lines += [login_words.variable_sets_mode(environ[ENV_MODE])]
    return lines


def _whose_key(
    origin: str | None, settings: CloudSettings, folders: Folders, environ: Mapping[str, str]
) -> str:
    if origin:
        return login_words.key_is_in(origin)
    variable = key_variable(settings.provider.name)
    if environ.get(variable):
        return login_words.key_from_variable(variable)
    known = find_key(settings.provider.name, folders, environ)
    return login_words.key_is_in(known.origin) if known else login_words.without_key()


def _currency(settings: CloudSettings, folders: Folders) -> str:
    """What the usual model is paid in; empty where no price is known."""
    usual, *_ = _models(settings, folders)
    return usual.prices[0].tiers[0].per_million_in.currency if usual.prices else ""


def _models(settings: CloudSettings, folders: Folders) -> tuple[CloudSpec, ...]:
    clouds = with_own_clouds(load_catalog(), folders.config / "clouds.toml").clouds
    return cloud_models(settings, clouds)
