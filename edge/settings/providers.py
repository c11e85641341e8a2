"""One provider's table in config.toml: where it is, what it understands, its own prices."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from edge.core.cloud import Dialect, Provider
from edge.core.errors import UsageError
from edge.core.say import say
from edge.core.spec import Price, PriceTier
from edge.core.units import Money
from edge.settings.hosts import (
    NAME,
    REGION_NAMES,
    WORKSPACE,
    Region,
    checked_base_url,
    region_called,
)
from edge.settings.table import Table

BUILT_IN = "dashscope"
_DEFAULT_REGION = "beijing"
_COMMON = ("base_url", "models", "region", "key", "ca_file", "strict_model")
_LIMITS = ("n_ctx", "max_output_tokens")
_PRICE = ("per_million_in", "per_million_out", "per_million_out_thinking", "currency")
_BUILT_IN_KEYS = (*_COMMON, "workspace", *_LIMITS, *_PRICE)
_CUSTOM_KEYS = (*_COMMON, "dialect", *_LIMITS, *_PRICE)


@dataclass(frozen=True, slots=True)
class OwnTerms:
    """What the user says of a provider's models, where no catalog does. None: not said."""

    n_ctx: int | None = None
    max_output_tokens: int | None = None
    price: Price | None = None


def provider_of(name: str, table: Table) -> Provider:
    """The provider of that name; raises UsageError for what cannot be one."""
    if not NAME.fullmatch(name):
        raise UsageError(
            say(
                "[{table}] (from {file}) cannot name a provider", table=table.name, file=table.file
            ),
            hint=say("small letters, digits and hyphens, as [cloud.my-server]"),
        )
    built_in = name == BUILT_IN
    table.refuse_unknown(_BUILT_IN_KEYS if built_in else _CUSTOM_KEYS)
    region = _region(table) if built_in else None
    dialect = table.choice("dialect", tuple(Dialect))
    default = Dialect.DASHSCOPE if built_in else Dialect.OPENAI
    return Provider(
        name=name,
        base_url=_base_url(table, region),
        dialect=Dialect(dialect or default),
        models=table.texts("models", "qwen-plus"),
        region=region.prices if region else table.text("region", "mainland") or "",
        ca_file=_ca_file(table),
    )


def terms_of(name: str, table: Table) -> OwnTerms:
    """The limits and the price the user wrote down."""
    region = provider_of(name, table).region
    return OwnTerms(
        table.count("n_ctx", 131_072), table.count("max_output_tokens", 8192), _price(table, region)
    )


def _region(table: Table) -> Region:
    return region_called(table.choice("region", REGION_NAMES) or _DEFAULT_REGION)


def _base_url(table: Table, region: Region | None) -> str:
    written = table.text("base_url", "https://HOST/v1")
    workspace = table.text("workspace", "ws-0123456789")
    if workspace is not None and not WORKSPACE.fullmatch(workspace):
        raise table.bad("workspace", say("letters, digits and hyphens"), '"ws-0123456789"')
    if written is not None:
        try:
            return checked_base_url(written)
        except ValueError as cause:
            raise table.bad("base_url", str(cause), '"https://HOST/v1"') from cause
    if region is None:
        raise UsageError(
            say("[{table}] (from {file}) has no base_url", table=table.name, file=table.file),
            hint=say('base_url = "https://HOST/v1" below [{table}]', table=table.name),
        )
    url = region.base_url(workspace)
    if not url:
        raise UsageError(
            say(
                "region {region!r} (from {file}) has a host for each workspace and no other",
                region=region.id,
                file=table.file,
            ),
            hint=say('workspace = "ws-…" below [{table}]', table=table.name),
        )
    return url


def _ca_file(table: Table) -> str | None:
    """The file of certificates to trust; a relative path begins at the settings' folder."""
    written = table.text("ca_file", "/etc/my-ca.pem")
    if written is None:
        return None
    path = Path(table.file).parent / Path(written).expanduser()
    if not path.is_file():
        raise table.bad("ca_file", say("a file that is there"), '"/etc/my-ca.pem"')
    return str(path)


def _price(table: Table, region: str) -> Price | None:
    """The user's own price, dated by the day the file was last written."""
    cost_in, cost_out = table.amount("per_million_in", "0.8"), table.amount("per_million_out", "2")
    deep = table.amount("per_million_out_thinking", "8")
    currency = table.text("currency", "CNY")
    if cost_in is None and cost_out is None and deep is None and currency is None:
        return None
    if cost_in is None or cost_out is None or currency is None:
        raise UsageError(
            say("[{table}] (from {file}) has half a price", table=table.name, file=table.file),
            hint=say('per_million_in = 0.8, per_million_out = 2 and currency = "CNY"'),
        )
    if not re.fullmatch("[A-Z]{3}", currency):
        raise table.bad("currency", say("three capital letters"), '"CNY"')
    amounts = (cost_in, cost_out, cost_out if deep is None else deep)
    tier = PriceTier(None, *(Money(amount, currency) for amount in amounts))
    return Price(region, (tier,), _written_on(Path(table.file)), "your config.toml")


def _written_on(path: Path) -> date:
    try:
        stamp = path.stat().st_mtime
    except OSError:  # a document that was never written: of today
        return datetime.now(UTC).date()
    return datetime.fromtimestamp(stamp, UTC).date()
