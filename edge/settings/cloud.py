"""What the user says of the cloud: config.toml's [cloud], [privacy] and [budget], and the policy.

    [cloud]                           mode, provider, model, long_model
    [cloud.dashscope]                 region, workspace, key …
    [cloud.NAME]                      base_url, models, dialect, key, ca_file, own prices
    [privacy]                         new, words, patterns
    [budget.CNY]                      turn, conversation, day, month

EDGE_CLOUD and EDGE_POLICY beat the file; no other variable is looked at, so an
address set for another program changes nothing here.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from edge.core.cloud import Cap, CloudMode, Provider, Scope
from edge.core.errors import UsageError
from edge.core.message import Label
from edge.core.say import say
from edge.core.units import Money
from edge.settings.chosen import load_settings
from edge.settings.config_file import insist_private, read_config
from edge.settings.folders import Folders
from edge.settings.providers import BUILT_IN, OwnTerms, provider_of, terms_of
from edge.settings.table import Table, near, shown

ENV_MODE, ENV_POLICY = "EDGE_CLOUD", "EDGE_POLICY"
_FLAT = ("mode", "provider", "model", "long_model")
_MODES = tuple(CloudMode)
_SCOPES = tuple(Scope)
_CURRENCY = re.compile(r"[A-Z]{3}")


@dataclass(frozen=True, slots=True)
class CloudSettings:
    """The values in force. `provider` is who would be asked, also while the cloud is off.

    `model` and `long_model` None leave the choice to the catalog. `new_label` is how
    new conversations begin: private while the cloud is off. `policy` is the name of a
    built-in policy, or a path as it was written. `mode_from` says who set the mode.
    """

    mode: CloudMode
    provider: Provider
    model: str | None
    long_model: str | None
    caps: tuple[Cap, ...]
    new_label: Label
    words: tuple[str, ...]
    patterns: tuple[str, ...]
    policy: str | None
    strict_model: bool
    terms: OwnTerms
    mode_from: str


def load_cloud(folders: Folders, environ: Mapping[str, str] = os.environ) -> CloudSettings:
    """Read and check all of it; with the setting `offline` the cloud counts as off.

    Raises UsageError naming the file or variable, the key, and what it may be, also for
    what is not in force.
    """
    path = folders.config_file
    offline = load_settings(environ=environ, folders=folders).offline
    document = read_config(path, parse_float=Decimal)
    settings = cloud_in(document, path, environ, offline=offline)
    if any("key" in table.values for _, table in _top(document, path).table("cloud").tables()):
        insist_private(path)
    return settings


def cloud_in(
    document: Mapping[str, Any], path: Path, environ: Mapping[str, str], *, offline: bool
) -> CloudSettings:
    """The same of a document that was read (numbers with a point as Decimal)."""
    top = _top(document, path)
    cloud, privacy = top.table("cloud"), top.table("privacy")
    mode, mode_from = _mode(cloud, environ, offline=offline)
    name, known = _provider_name(cloud), dict(_providers(cloud))
    own = known.get(name, Table(str(path), f"cloud.{name}", {}))
    privacy.refuse_unknown(("new", "words", "patterns"))
    new = privacy.choice("new", ("public", "private"))
    return CloudSettings(
        mode=mode,
        provider=provider_of(name, own),
        model=cloud.text("model", "qwen-plus"),
        long_model=cloud.text("long_model", "qwen-long"),
        caps=tuple(_caps(top.table("budget"))),
        new_label=Label.PUBLIC if new == "public" and mode is not CloudMode.OFF else Label.PRIVATE,
        words=privacy.texts("words", "Project Heron"),
        patterns=_patterns(privacy),
        policy=environ.get(ENV_POLICY) or top.text("policy", "edge-first"),
        strict_model=own.yes("strict_model"),
        terms=terms_of(name, own),
        mode_from=mode_from,
    )


def _top(document: Mapping[str, Any], path: Path) -> Table:
    return Table(str(path), "", document)


def _mode(cloud: Table, environ: Mapping[str, str], *, offline: bool) -> tuple[CloudMode, str]:
    """The mode in force, and who says so."""
    written = cloud.choice("mode", _MODES)
    mode, origin = CloudMode(written or CloudMode.OFF), cloud.file if written else "default"
    if given := environ.get(ENV_MODE):
        if given.lower() not in _MODES:
            raise UsageError(
                say(
                    "{variable} is {said} and must be one of {words}",
                    variable=ENV_MODE,
                    said=shown(given),
                    words=", ".join(_MODES),
                ),
                hint=f"export {ENV_MODE}={CloudMode.ASK}",
            )
        mode, origin = CloudMode(given.lower()), ENV_MODE
    return (CloudMode.OFF, "offline") if offline else (mode, origin)


def _provider_name(cloud: Table) -> str:
    name = cloud.text("provider", BUILT_IN) or BUILT_IN
    known = [BUILT_IN, *(other for other, _ in cloud.tables())]
    if name not in known:
        raise UsageError(
            say(
                "cloud.provider is {said} (from {file}), and has no table [cloud.NAME]",
                said=shown(name),
                file=cloud.file,
            ),
            hint=say(
                "{near}; or edge cloud login NAME --base-url https://HOST/v1",
                near=near(name, known),
            ),
        )
    return name


def _providers(cloud: Table) -> Iterator[tuple[str, Table]]:
    """Every provider's own table, checked; raises for a key that is no provider's."""
    names = [name for name, _ in cloud.tables() if name not in _FLAT]
    cloud.refuse_unknown((*_FLAT, *names))
    for name in names:
        table = cloud.table(name)
        provider_of(name, table)
        terms_of(name, table)
        yield name, table


def _patterns(privacy: Table) -> tuple[str, ...]:
    patterns = privacy.texts("patterns", r"HERON-\\d+")
    for pattern in patterns:
        try:
            sound = re.compile(pattern).search("") is None  # what is found in "" is everywhere
        except re.error:
            sound = False
        if not sound:
            raise UsageError(
                say(
                    "privacy.patterns holds {pattern!r} (from {file}), which is no pattern, or "
                    "found in every text",
                    pattern=pattern,
                    file=privacy.file,
                ),
                hint=say("a regular expression of Python in single quotes, as 'HERON-[0-9]+'"),
            )
    return patterns


def _caps(budget: Table) -> Iterator[Cap]:
    for currency in budget.values:
        if not _CURRENCY.fullmatch(currency):
            raise UsageError(
                say(
                    "budget.{currency} (from {file}) is no currency",
                    currency=currency,
                    file=budget.file,
                ),
                hint="[budget.CNY]",
            )
        table = budget.table(currency)
        table.refuse_unknown(_SCOPES)
        for scope in Scope:
            amount = table.amount(scope, "5.00")
            if amount is not None:
                yield Cap(scope, Money(amount, currency))
