"""What is said of a model that does not fit."""

from __future__ import annotations

import pytest
from toys import TOY, device

from edge.core.errors import DoesNotFit
from edge.core.memory import MemoryPolicy
from edge.core.units import GIB, KIB, MIB
from edge.models.catalog import Catalog, load_catalog
from edge.models.fit import fit_by
from edge.models.layout import Layouts
from edge.models.refusal import refuse_unless_fits
from edge.models.shape import Shape

AUTO = Layouts()
# Of TOY at any context, in the plain layout; a token takes 3.5 KiB more.
FIXED = (500 + 50) * MIB + 448 * KIB


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


def refused(name: str, shape: Shape, free_bytes: float, **how) -> DoesNotFit:
    layouts, n_ctx = how.get("layouts", AUTO), how.get("n_ctx", 4096)
    held = fit_by(shape, device(free_bytes), n_ctx, layouts)
    with pytest.raises(DoesNotFit) as caught:
        refuse_unless_fits(held, name, layouts, how.get("catalog"))
    return caught.value


def shape_of(catalog: Catalog, name: str) -> Shape:
    return Shape.of_spec(*catalog.find(name))


def test_what_fits_is_not_refused():
    refuse_unless_fits(fit_by(TOY, device(2 * GIB), 4096, AUTO), "toy", AUTO, None)


def test_a_refusal_has_the_figures():
    # 550.4 MiB and 32,768 times 3.5 KiB are 662; 80 % of 700 MiB is 560, for 2,560 tokens.
    error = refused("toy", TOY, 700 * MIB, n_ctx=32_768)
    assert error.message == (
        "'toy' needs 662 MiB at 32768 tokens of context; "
        "700 MiB is free, of which edge takes at most 80%"
    )
    # With little memory 32,768 tokens take 21 MiB and 550.2, which is too much as well.
    assert error.hint == "--ctx 2560"


def test_a_refusal_offers_little_memory_first_where_that_fits():
    # 550.2 MiB and 32,768 times 21/32 KiB are 571.2; 80 % of 720 MiB is 576, and
    # what is beyond 550.4 MiB holds 7,424 tokens.
    error = refused("toy", TOY, 720 * MIB, n_ctx=32_768)
    assert error.hint == "--memory low, or --ctx 7424"


def test_little_memory_is_not_offered_to_who_has_it():
    low = Layouts(MemoryPolicy.LOW)
    error = refused("toy", TOY, 700 * MIB, n_ctx=32_768, layouts=low)
    assert error.hint.startswith("--ctx ")


def test_on_arm_little_memory_saves_the_copy_of_the_weights():
    # 550.4, 14 and 200 MiB are 764; 550.2 and 2.6 are 553.
    error = refused("toy", TOY, 800 * MIB, layouts=Layouts(arm=True))
    assert "needs 764 MiB" in error.message
    assert error.hint == "--memory low"


def test_the_context_that_is_offered_fits_as_it_would_be_opened():
    # Scores of 32 heads: with flash 8,960 tokens would fit, but so few are read without.
    wide = Shape.of_spec(*load_catalog().find("qwen3-4b"))
    error = refused("wide", wide, 5 * GIB, n_ctx=32_768)
    n_ctx = int(error.hint.split("--ctx ")[1].split(",")[0])
    assert fit_by(wide, device(5 * GIB), n_ctx, AUTO).fits


def test_a_refusal_names_a_model_that_fits(catalog):
    free, layouts = 2 * GIB, AUTO
    error = refused("qwen3-8b", shape_of(catalog, "qwen3-8b"), free, catalog=catalog)
    assert error.hint == "qwen2.5-1.5b:q4_k_m, which fits"
    assert fit_by(shape_of(catalog, "qwen2.5-1.5b"), device(free), 4096, layouts).fits


def test_a_model_is_named_that_fits_under_the_same_policy(catalog):
    # With the copy of its weights the 1.5B takes 2,264 MiB; 80 % of 2 GiB is 1,638.
    eight = shape_of(catalog, "qwen3-8b")
    error = refused("qwen3-8b", eight, 2 * GIB, catalog=catalog, layouts=Layouts(arm=True))
    assert error.hint == "qwen2.5-0.5b:q4_k_m, which fits"


def test_a_refusal_where_nothing_fits_says_so(catalog):
    error = refused("qwen3-8b", shape_of(catalog, "qwen3-8b"), 200 * MIB, catalog=catalog)
    assert "no model of the catalog fits" in error.hint
