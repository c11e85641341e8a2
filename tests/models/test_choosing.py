"""Which model to begin with, and which to answer with."""

from __future__ import annotations

from dataclasses import replace

import pytest
from toys import device

from edge.core.errors import DoesNotFit
from edge.core.spec import Purpose
from edge.core.units import GIB, MIB
from edge.models.catalog import Catalog, load_catalog
from edge.models.choosing import best_of, default_model
from edge.models.layout import Layouts


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


def chosen(catalog: Catalog, *args, **kwargs) -> str:
    spec, quant = default_model(catalog, *args, **kwargs)
    return f"{spec.name}:{quant.name}"


def test_a_roomy_device_gets_the_largest_free_tested_model_worth_fetching(catalog):
    # Larger ones are untested (qwen3, qwen3.5), not free (3B) or more than 1.4 GB.
    assert chosen(catalog, device(16 * GIB)) == "qwen2.5-1.5b:q4_k_m"


def test_the_default_takes_at_most_half_of_what_is_free(catalog):
    # Of weights 1065.56 MiB, cache 112, scores and mask 26, the widest place 4.75, scores in
    # f16 twice 24, overhead 50 + 41.73: 1324.04 MiB; twice that is 2648.1.
    assert chosen(catalog, device(2649 * MIB)) == "qwen2.5-1.5b:q4_k_m"
    assert chosen(catalog, device(2647 * MIB)) == "qwen2.5-0.5b:q4_k_m"
    # 468.64 + 48 + 30 + 2.75 + 28 + 91.73: 669.12 MiB; twice that is 1338.2.
    assert chosen(catalog, device(1339 * MIB)) == "qwen2.5-0.5b:q4_k_m"
    with pytest.raises(DoesNotFit, match=r"half of the 1\.3. GiB"):
        default_model(catalog, device(1337 * MIB))


def test_the_default_counts_the_copy_of_the_weights_where_one_is_kept(catalog):
    # The copy is at most what a token reads: 940 MiB of the 1.5B more, so 4,528 for half.
    arm = Layouts(arm=True)
    assert chosen(catalog, device(4 * GIB)) == "qwen2.5-1.5b:q4_k_m"
    assert chosen(catalog, device(4 * GIB), layouts=arm) == "qwen2.5-0.5b:q4_k_m"


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
