"""The price lists of cloud models, as a table and as JSON; old ones are marked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

from edge.cli.progress import tell
from edge.cli.table import show_table
from edge.cli.words import cloud as words
from edge.cli.words import tables
from edge.core.spec import CloudSpec, Price, PriceTier
from edge.models.prices import OLD_AFTER_DAYS, is_old

Clouds = Mapping[str, CloudSpec]


def show(clouds: Clouds) -> None:
    """Print the table, and below it what its marks and figures mean."""
    today = _today()
    lists = list(_lists(clouds))
    headings = tables.cloud_prices()
    show_table(
        headings,
        [_row(spec, price, tier, today) for spec, price in lists for tier in price.tiers],
        right=headings[2:6],
    )
    tell(words.price_unit())
    if any(is_old(price, today) for _, price in lists):
        tell(words.old_prices(OLD_AFTER_DAYS))


def entries(clouds: Clouds) -> list[dict[str, Any]]:
    """The same for programs; amounts are texts, which are exact."""
    today = _today()
    return [
        {
            "model": spec.name,
            "region": price.region,
            "currency": price.tiers[0].per_million_in.currency,
            "as_of": price.as_of.isoformat(),
            "old": is_old(price, today),
            "source": price.source,
            "tiers": [_tier_entry(tier) for tier in price.tiers],
        }
        for spec, price in _lists(clouds)
    ]


def _lists(clouds: Clouds) -> Iterator[tuple[CloudSpec, Price]]:
    """Every list, region by region."""
    found = [(spec, price) for spec in clouds.values() for price in spec.prices]
    regions = dict.fromkeys(price.region for _, price in found)
    return (entry for region in regions for entry in found if entry[1].region == region)


def _row(spec: CloudSpec, price: Price, tier: PriceTier, today: date) -> tuple[str, ...]:
    return (
        spec.name,
        price.region or "-",
        f"{tier.up_to_tokens:,}" if tier.up_to_tokens else "-",
        str(tier.per_million_in),
        str(tier.per_million_out),
        str(tier.per_million_out_thinking),
        f"{'! ' if is_old(price, today) else ''}{price.as_of}",
        price.source,
    )


def _tier_entry(tier: PriceTier) -> dict[str, Any]:
    return {
        "up_to_tokens": tier.up_to_tokens,
        "per_million_in": f"{tier.per_million_in.amount:f}",
        "per_million_out": f"{tier.per_million_out.amount:f}",
        "per_million_out_thinking": f"{tier.per_million_out_thinking.amount:f}",
    }


def _today() -> date:
    return datetime.now(UTC).date()
