"""Which cloud models answer, and what is known of them under the settings in force (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from edge.core.cloud import Provider
from edge.core.errors import UsageError
from edge.core.say import say
from edge.core.spec import CloudSpec
from edge.models.prices import price_for
from edge.settings.cloud import CloudSettings
from edge.settings.providers import BUILT_IN

# Of a model nobody described: what the small ones of today hold.
ASSUMED_N_CTX = 32_768
ASSUMED_OUTPUT_TOKENS = 4096

Clouds = Mapping[str, CloudSpec]


def cloud_models(settings: CloudSettings, clouds: Clouds) -> tuple[CloudSpec, ...]:
    """The usual model, and behind it one for longer prompts where there is one.

    Each has the one price that holds here, if any, and
    the context that price reaches to: what has no price is not sent. Raises
    UsageError when a provider of the user's own names no model.
    """
    known = offered(settings, clouds)
    usual = settings.model or next(iter(known), None)
    if usual is None:
        raise UsageError(
            say("provider {name!r} has no model", name=settings.provider.name),
            hint=say('models = ["NAME"] below [cloud.{provider}]', provider=settings.provider.name),
        )
    # The first of the longest: max keeps it.
    by_length = max(known.values(), key=lambda spec: spec.n_ctx, default=None)
    long = settings.long_model or (by_length.name if by_length else usual)
    first, second = (_spec(name, settings, clouds) for name in (usual, long))
    longer = first.name != second.name and second.n_ctx > first.n_ctx
    return (first, second) if longer else (first,)


def offered(settings: CloudSettings, clouds: Clouds) -> Clouds:
    """The models to choose from, by name, in order of preference.

    Those the provider's table lists, else those of the catalog that have a price in
    its region (where none has: all of them).
    """
    names = settings.provider.models or _of_catalog(settings.provider, clouds)
    return {name: _spec(name, settings, clouds) for name in names}


def _of_catalog(provider: Provider, clouds: Clouds) -> tuple[str, ...]:
    if provider.name != BUILT_IN:
        return ()
    priced = tuple(name for name, spec in clouds.items() if price_for(spec, provider.region))
    return priced or tuple(clouds)


def _spec(name: str, settings: CloudSettings, clouds: Clouds) -> CloudSpec:
    """A model as the catalog, and before it the user, describes it here."""
    own = settings.terms
    spec = clouds.get(name) or CloudSpec(name, ASSUMED_N_CTX, ASSUMED_OUTPUT_TOKENS, ())
    price = own.price or price_for(spec, settings.provider.region)
    reach = price.tiers[-1].up_to_tokens if price else None
    n_ctx = own.n_ctx or spec.n_ctx
    return replace(
        spec,
        n_ctx=min(n_ctx, reach or n_ctx),
        max_output_tokens=own.max_output_tokens or spec.max_output_tokens,
        prices=(price,) if price else (),
    )
