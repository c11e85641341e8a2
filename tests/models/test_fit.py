"""Fitting: every expected figure here is worked by hand in a comment."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edge.core.errors import DoesNotFit
from edge.core.spec import Purpose
from edge.core.units import GIB, MIB
from edge.device import DeviceProfile
from edge.models.catalog import Catalog, load_catalog
from edge.models.fit import (
    Shape,
    best_of,
    default_model,
    default_n_ctx,
    fit,
    kv_cache_bytes,
    largest_n_ctx,
    predicted_tps,
    refuse_unless_fits,
)
from edge.models.gguf import preflight
from tiny_gguf import make_tiny

# One KiB of f16 cache a token: 512 values of two bytes.
TOY = Shape(
    weights_bytes=500 * MIB,
    read_bytes=400 * MIB,
    kv_values_per_token=512,
    recurrent_state_bytes=0,
    n_vocab=151_936,
    n_ctx_train=32_768,
    repackable_bytes=200 * MIB,
)
# Compute 75 MiB, Python 45 MiB, vocabulary 52 MiB.
BUFFERS = (75 + 45 + 52) * MIB


def device(free_bytes: float, bandwidth: float | None = None) -> DeviceProfile:
    return DeviceProfile("toy", 4, int(free_bytes) * 2, int(free_bytes), bandwidth)


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


def shape_of(catalog: Catalog, name: str) -> Shape:
    return Shape.of_spec(*catalog.find(name))


# The parts.


@pytest.mark.parametrize(
    ("name", "bytes_per_token"),
    [
        ("qwen2.5-0.5b", 12_288),  # 2 x 24 layers x 2 heads x 64 x 2 bytes
        ("qwen2.5-1.5b", 28_672),  # 2 x 28 x 2 x 128 x 2
        ("qwen3-0.6b", 114_688),  # 2 x 28 x 8 x 128 x 2
        ("qwen3-4b", 147_456),  # 2 x 36 x 8 x 128 x 2
        ("qwen3.5-2b", 12_288),  # 2 x 6 attending layers x 2 x 256 x 2
        ("qwen1.5-1.8b", 196_608),  # 2 x 24 x 16 x 128 x 2
    ],
)
def test_the_cache_counts_only_layers_that_attend(catalog, name, bytes_per_token):
    assert kv_cache_bytes(shape_of(catalog, name), 4096) == 4096 * bytes_per_token


def test_the_cache_is_rounded_up_to_256_tokens():
    assert kv_cache_bytes(TOY, 1) == 256 * 1024
    assert kv_cache_bytes(TOY, 257) == 512 * 1024


def test_a_q8_cache_takes_17_thirty_seconds_of_an_f16_one():
    assert kv_cache_bytes(TOY, 1024, bytes_per_value=34 / 32) == 1024 * 544


def test_need_is_the_sum_of_its_parts():
    held = fit(TOY, device(2 * GIB), 4096)
    assert (held.parts.weights, held.parts.kv, held.parts.recurrent) == (500 * MIB, 4 * MIB, 0)
    assert held.need_bytes == (500 + 4) * MIB + BUFFERS


def test_a_recurrent_model_pays_for_its_state_and_three_checkpoints():
    held = fit(replace(TOY, recurrent_state_bytes=20 * MIB), device(2 * GIB), 4096)
    assert held.parts.recurrent == 80 * MIB


def test_a_reordered_copy_of_the_weights_counts_when_made():
    plain, copied = (fit(TOY, device(2 * GIB), 256, repacks=repacks) for repacks in (False, True))
    assert copied.need_bytes - plain.need_bytes == 200 * MIB


def test_a_smaller_vocabulary_takes_less():
    held = fit(replace(TOY, n_vocab=0), device(2 * GIB), 256)
    assert held.parts.overhead == 45 * MIB


# Fitting.


def test_a_fifth_of_what_is_free_stays_free():
    need = (500 + 4) * MIB + BUFFERS  # 676 MiB; 80 % of 845 MiB
    assert fit(TOY, device(need / 0.8 + 1), 4096).fits
    assert not fit(TOY, device(need / 0.8 - 2), 4096).fits


def test_the_largest_context_is_what_the_rest_holds():
    # 80 % of 900 MiB is 720; less 500 and 172 leaves 48 MiB: 48 Ki tokens, more than trained for.
    assert fit(TOY, device(900 * MIB), 256).largest_n_ctx == 32_768
    # 80 % of 850 MiB is 680: 8 MiB, 8192 tokens.
    assert fit(TOY, device(850 * MIB), 256).largest_n_ctx == 8192
    assert fit(TOY, device(100 * MIB), 256).largest_n_ctx == 0


def test_the_largest_context_is_a_multiple_of_256_that_fits():
    assert largest_n_ctx(TOY, 1000 * 1024) == 768
    assert largest_n_ctx(TOY, 255 * 1024) == 0
    assert largest_n_ctx(TOY, -1.0) == 0


def test_the_largest_context_fits_and_one_step_more_does_not():
    free = device(850 * MIB)
    longest = fit(TOY, free, 256).largest_n_ctx
    assert fit(TOY, free, longest).fits
    assert not fit(TOY, free, longest + 256).fits


def test_no_context_exceeds_what_the_model_was_trained_for():
    assert largest_n_ctx(replace(TOY, n_ctx_train=1000), 10 * GIB) == 768


def test_the_default_context_is_4096_or_what_fits():
    assert default_n_ctx(TOY, device(8 * GIB)) == 4096
    # 80 % of 842.5 MiB is 674: 2 MiB, 2048 tokens.
    assert default_n_ctx(TOY, device(842.5 * MIB)) == 2048
    assert default_n_ctx(TOY, device(500 * MIB)) == 0


def test_decoding_is_at_most_bandwidth_over_bytes_read():
    assert predicted_tps(TOY, 4000 * MIB) == 10.0


def test_a_file_and_its_catalog_entry_give_one_cache(tmp_path):
    shape = Shape.of_header(preflight(make_tiny(tmp_path / "tiny.gguf", "qwen35")))
    # One attending layer of four, one head, keys and values of 32.
    assert shape.kv_values_per_token == 64
    assert shape.recurrent_state_bytes == 58_368
    assert shape.n_ctx_train == 4096


# Refusing.


def test_what_fits_is_not_refused():
    refuse_unless_fits(fit(TOY, device(2 * GIB), 4096), "toy")


def test_a_refusal_has_the_figures_and_the_context_that_fits():
    # 172 + 500 + 32 MiB at 32768 tokens is 704; 80 % of 850 MiB is 680.
    with pytest.raises(DoesNotFit) as caught:
        refuse_unless_fits(fit(TOY, device(850 * MIB), 32_768), "toy")
    assert caught.value.message == (
        "'toy' needs 704 MiB at 32768 tokens of context; "
        "850 MiB is free, of which edge takes at most 80%"
    )
    assert caught.value.hint == "--ctx 8192"


def test_a_refusal_names_a_model_that_fits(catalog):
    free = device(2 * GIB)
    with pytest.raises(DoesNotFit) as caught:
        refuse_unless_fits(fit(shape_of(catalog, "qwen3-8b"), free, 4096), "qwen3-8b", catalog)
    assert caught.value.hint == "qwen2.5-1.5b:q4_k_m, which fits"
    assert fit(shape_of(catalog, "qwen2.5-1.5b"), free, 4096).fits


def test_a_refusal_where_nothing_fits_says_so(catalog):
    with pytest.raises(DoesNotFit) as caught:
        refuse_unless_fits(
            fit(shape_of(catalog, "qwen3-8b"), device(200 * MIB), 4096), "qwen3-8b", catalog
        )
    assert "no model of the catalog fits" in caught.value.hint


# Choosing.


def chosen(catalog: Catalog, *args, **kwargs) -> str:
    spec, quant = default_model(catalog, *args, **kwargs)
    return f"{spec.name}:{quant.name}"


def test_a_roomy_device_gets_the_largest_free_tested_model_worth_fetching(catalog):
    # Larger ones are untested (qwen3, qwen3.5), not free (3B) or more than 1.4 GB.
    assert chosen(catalog, device(16 * GIB)) == "qwen2.5-1.5b:q4_k_m"


def test_the_default_takes_at_most_half_of_what_is_free(catalog):
    # 1066 MiB of weights, 112 of cache, 172 of buffers: 1350 MiB; twice that is 2699.2.
    assert chosen(catalog, device(2700 * MIB)) == "qwen2.5-1.5b:q4_k_m"
    assert chosen(catalog, device(2698 * MIB)) == "qwen2.5-0.5b:q4_k_m"
    # 469 + 48 + 172: 689 MiB.
    assert chosen(catalog, device(1379 * MIB)) == "qwen2.5-0.5b:q4_k_m"
    with pytest.raises(DoesNotFit, match=r"half of the 1\.3. GiB"):
        default_model(catalog, device(1376 * MIB))


def test_the_default_is_never_long_to_fetch(catalog):
    spec = replace(catalog.models["qwen3-4b"], tested=True)  # 2.5 GB, and better in all else
    with pytest.raises(DoesNotFit):
        default_model(replace(catalog, models={spec.name: spec}), device(64 * GIB))


def test_the_default_is_never_too_slow_to_read(catalog):
    # The 1.5B reads 986 MB a token, the 0.5B 398 MB; ten tokens a second are wanted.
    assert chosen(catalog, device(16 * GIB, 9.9e9)) == "qwen2.5-1.5b:q4_k_m"
    assert chosen(catalog, device(16 * GIB, 9.8e9)) == "qwen2.5-0.5b:q4_k_m"
    # Where all are slower, a busy machine still gets the one that is least so.
    assert chosen(catalog, device(16 * GIB, 1e9)) == "qwen2.5-0.5b:q4_k_m"


def test_of_models_that_are_here_the_one_edge_would_choose_comes_first(catalog):
    here = [catalog.find(name) for name in ("qwen3-8b", "qwen2.5-0.5b", "qwen2.5-coder-1.5b")]
    roomy, tight = device(16 * GIB), device(1 * GIB)
    assert best_of(here, catalog, roomy)[0].name == "qwen2.5-0.5b"
    assert best_of(here[:1] + here[2:], catalog, roomy)[0].name == "qwen2.5-coder-1.5b"
    assert best_of(here[:2], catalog, tight)[0].name == "qwen2.5-0.5b"


def from_wheels(quant) -> bool:
    return any(type(source).__name__ == "WheelSource" for source in quant.sources)


def test_a_package_mirror_alone_yields_the_coder_that_fits(catalog):
    assert chosen(catalog, device(16 * GIB), obtainable=from_wheels) == "qwen2.5-coder-1.5b:q4_k_m"
    assert chosen(catalog, device(2 * GIB), obtainable=from_wheels) == "qwen2.5-coder-0.5b:q4_k_m"


def test_a_smaller_general_model_is_preferred_to_a_larger_coder(catalog):
    def small_or_wheels(quant) -> bool:
        return from_wheels(quant) or quant.file.startswith("qwen2.5-0.5b")

    name = chosen(catalog, device(16 * GIB), obtainable=small_or_wheels)
    assert name == "qwen2.5-0.5b:q4_k_m"


def test_where_nothing_can_be_had_the_general_model_stays_the_answer(catalog):
    name = chosen(catalog, device(16 * GIB), obtainable=lambda quant: False)
    assert name == "qwen2.5-1.5b:q4_k_m"


def test_without_a_question_no_coder_is_offered(catalog):
    general = {n: s for n, s in catalog.models.items() if s.purpose is Purpose.CODE}
    with pytest.raises(DoesNotFit):
        default_model(replace(catalog, models=general), device(16 * GIB))
