"""Which cloud models answer, from the catalog, the user's own file and the settings."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from edge.core.errors import UsageError
from edge.core.spec import CloudSpec
from edge.core.units import Money
from edge.models.catalog import load_catalog, with_own_clouds
from edge.models.clouds import ASSUMED_N_CTX, cloud_models, offered
from edge.settings.cloud import CloudSettings, load_cloud
from edge.settings.folders import Folders

BOX = '[cloud.my-box]\nbase_url = "https://box.example/v1"\n'
USE_BOX = f'[cloud]\nprovider = "my-box"\n{BOX}'
OWN_PRICE = """
[[clouds."{name}".prices]]
region = "{region}"
currency = "USD"
as_of = 2026-11-01
tiers = [ {{ per_million_in = 0.6, per_million_out = 3 }} ]
"""


@pytest.fixture
def settings(tmp_path: Path):
    def settings(text: str = "") -> CloudSettings:
        folders = Folders.below(tmp_path)
        folders.config_file.write_text(text)
        return load_cloud(folders, {})

    return settings


@pytest.fixture
def clouds(tmp_path: Path):
    def clouds(own: str = "") -> dict[str, CloudSpec]:
        path = tmp_path / "clouds.toml"
        path.write_text(own)
        return dict(with_own_clouds(load_catalog(), path).clouds)

    return clouds


def names(specs: tuple[CloudSpec, ...]) -> list[str]:
    return [spec.name for spec in specs]


# The usual and the long one.


def test_on_the_mainland_qwen_long_takes_what_is_too_long_for_qwen_plus(settings, clouds):
    usual, long = cloud_models(settings(), clouds())
    assert (usual.name, usual.n_ctx) == ("qwen-plus", 1_000_000)
    assert (long.name, long.n_ctx) == ("qwen-long", 10_000_000)


def test_a_context_reaches_as_far_as_its_price(settings, clouds):
    usual, long = cloud_models(settings('[cloud.dashscope]\nregion = "singapore"\n'), clouds())
    assert (usual.name, usual.n_ctx) == ("qwen-plus", 262_144)
    assert (long.name, long.n_ctx) == ("qwen3.5-flash", 1_000_000)
    assert [price.region for price in usual.prices] == ["international"]


def test_a_region_without_prices_offers_every_model_and_no_price(settings, clouds):
    us = settings('[cloud.dashscope]\nregion = "us"\n')
    assert names(cloud_models(us, clouds())) == ["qwen-plus", "qwen-long"]
    assert all(spec.prices == () for spec in offered(us, clouds()).values())


def test_a_model_sold_on_the_mainland_alone_is_not_offered_abroad(settings, clouds):
    abroad = settings('[cloud.dashscope]\nregion = "singapore"\n')
    assert "qwen-long" not in offered(abroad, clouds())
    assert "qwen3.6-flash" not in offered(abroad, clouds())


def test_the_users_choice_comes_first(settings, clouds):
    chosen = settings('[cloud]\nmodel = "qwen-flash"\nlong_model = "qwen-long"\n')
    assert names(cloud_models(chosen, clouds())) == ["qwen-flash", "qwen-long"]


def test_a_long_model_that_is_no_longer_is_left_out(settings, clouds):
    chosen = settings('[cloud]\nmodel = "qwen-long"\nlong_model = "qwen-plus"\n')
    assert names(cloud_models(chosen, clouds())) == ["qwen-long"]


def test_a_model_nobody_described_has_careful_limits_and_no_price(settings, clouds):
    (spec,) = cloud_models(settings(f'{USE_BOX}models = ["toy"]\n'), clouds())
    assert (spec.name, spec.n_ctx, spec.prices) == ("toy", ASSUMED_N_CTX, ())


def test_a_provider_of_ones_own_wants_a_model(settings, clouds):
    with pytest.raises(UsageError, match="'my-box' has no model"):
        cloud_models(settings(USE_BOX), clouds())


def test_limits_and_price_of_the_settings_hold(settings, clouds):
    text = (
        f'{USE_BOX}models = ["toy"]\nn_ctx = 8192\nmax_output_tokens = 512\n'
        'per_million_in = 1\nper_million_out = 2\ncurrency = "EUR"\n'
    )
    (spec,) = cloud_models(settings(text), clouds())
    assert (spec.n_ctx, spec.max_output_tokens) == (8192, 512)
    assert spec.prices[0].tiers[0].per_million_out == Money(Decimal(2), "EUR")


# The user's own file.


def test_without_a_file_of_ones_own_the_catalog_is_as_shipped(tmp_path):
    catalog = load_catalog()
    assert with_own_clouds(catalog, tmp_path / "clouds.toml") is catalog


def test_ones_own_price_replaces_that_of_its_region_alone(clouds):
    spec = clouds(OWN_PRICE.format(name="qwen-plus", region="international"))["qwen-plus"]
    own, mainland = spec.prices
    assert (own.region, own.as_of) == ("international", date(2026, 11, 1))
    assert own.source == "your clouds.toml (your own)"
    assert own.tiers[0].per_million_in == Money(Decimal("0.6"), "USD")
    assert mainland.region == "mainland"
    assert spec.n_ctx == 1_000_000


def test_ones_own_price_is_known_where_nobody_published_one(settings, clouds):
    own = clouds(OWN_PRICE.format(name="qwen-plus", region="us"))
    us = settings('[cloud.dashscope]\nregion = "us"\n')
    assert names(cloud_models(us, own)) == ["qwen-plus"]


def test_another_model_needs_its_limits(clouds):
    with pytest.raises(UsageError, match=r"clouds\.toml: clouds\.toy is not in the catalog"):
        clouds(OWN_PRICE.format(name="toy", region=""))
    toy = "[clouds.toy]\nn_ctx = 4096\nmax_output_tokens = 512\n"
    spec = clouds(toy + OWN_PRICE.format(name="toy", region=""))["toy"]
    assert (spec.n_ctx, spec.max_output_tokens, spec.prices[0].region) == (4096, 512, "")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("clouds = 3", "clouds: "),
        ("[clouds.toy]\nn_ctx = -1", "clouds.toy.n_ctx"),
        ("[clouds.toy]\nn_cxt = 1", "clouds.toy.n_cxt"),
        ("[models.toy]\n", "models"),
        (
            OWN_PRICE.format(name="qwen-plus", region="us") * 2,
            "'us' is given twice",
        ),
        (OWN_PRICE.format(name="qwen-plus", region="us").replace("0.6", "-1"), "per_million_in"),
        ("n = = 1", "is not TOML"),
    ],
)
def test_a_bad_value_names_the_file_and_the_key(clouds, text, named):
    with pytest.raises(UsageError) as caught:
        clouds(text)
    assert "clouds.toml: " in caught.value.message
    assert named in caught.value.message
