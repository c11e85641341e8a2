"""What a catalog may say of cloud models, in ours and in the user's own file (pydantic)."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from edge.core.say import say
from edge.core.spec import CloudSpec, Price, PriceTier
from edge.core.units import Money
from edge.models.catalog_fields import Cost, Line, Name, Positive, Status, Table, refuse_repeats


class TierTable(Table):
    """What a million tokens cost up to an input length."""

    up_to_tokens: Positive | None = None
    per_million_in: Cost
    per_million_out: Cost
    per_million_out_thinking: Cost | None = None

    def value(self, currency: str) -> PriceTier:
        """The same as the core's value; without a thinking price the output price holds."""
        thinking = self.per_million_out_thinking
        thinking = self.per_million_out if thinking is None else thinking
        amounts = (self.per_million_in, self.per_million_out, thinking)
        return PriceTier(self.up_to_tokens, *(Money(amount, currency) for amount in amounts))


class _PriceTable(Table):
    """A dated price list of one region."""

    region: str
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
    as_of: date
    source: Line
    status: str
    tiers: Annotated[tuple[TierTable, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _tiers_rise(self) -> Self:
        limits = [tier.up_to_tokens or 2**63 for tier in self.tiers]
        if limits != sorted(set(limits)):
            raise ValueError(say("tiers must rise in up_to_tokens; only the last may leave it out"))
        return self

    def value(self) -> Price:
        """The same as the core's value; the status stays readable in the source."""
        tiers = tuple(tier.value(self.currency) for tier in self.tiers)
        return Price(self.region, tiers, self.as_of, f"{self.source} ({self.status})")


class PriceTable(_PriceTable):
    """A price list of ours."""

    region: Literal["mainland", "international"]
    status: Status


class OwnPriceTable(_PriceTable):
    """A price list of the user's own; for any region, also one nobody published prices for."""

    region: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{0,32}$")] = ""
    source: Line = "your clouds.toml"
    status: Literal["your own"] = "your own"


class CloudTable(Table):
    """A model somebody else runs."""

    n_ctx: Positive
    max_output_tokens: Positive
    prices: Annotated[tuple[PriceTable, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _one_price_a_region(self) -> Self:
        refuse_repeats("region", (price.region for price in self.prices))
        return self

    def value(self, name: str) -> CloudSpec:
        """The same as the core's value."""
        prices = tuple(price.value() for price in self.prices)
        return CloudSpec(name, self.n_ctx, self.max_output_tokens, prices)


class OwnCloudTable(Table):
    """A cloud model in the user's own file: one of ours with other figures, or another."""

    n_ctx: Positive | None = None
    max_output_tokens: Positive | None = None
    prices: tuple[OwnPriceTable, ...] = ()

    @model_validator(mode="after")
    def _one_price_a_region(self) -> Self:
        refuse_repeats("region", (price.region for price in self.prices))
        return self

    def value(self, name: str, ours: CloudSpec | None) -> CloudSpec:
        """Ours with the user's figures over it; the user's prices come first."""
        n_ctx = self.n_ctx or (ours and ours.n_ctx)
        most = self.max_output_tokens or (ours and ours.max_output_tokens)
        if not n_ctx or not most:
            raise ValueError(
                say(
                    "clouds.{name} is not in the catalog: give n_ctx and max_output_tokens",
                    name=name,
                )
            )
        own = tuple(price.value() for price in self.prices)
        taken = {price.region for price in own}
        kept = (price for price in (ours.prices if ours else ()) if price.region not in taken)
        return CloudSpec(name, n_ctx, most, (*own, *kept))


class OwnClouds(Table):
    """The user's own file."""

    schema_version: Literal[1] = 1
    clouds: dict[Name, OwnCloudTable] = Field(default_factory=dict)
