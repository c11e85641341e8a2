"""The shape of a model, from the catalog and from a file."""

from __future__ import annotations

import pytest
from toys import TOY

from edge.core.units import MIB
from edge.models.catalog import load_catalog
from edge.models.gguf import preflight
from edge.models.shape import Shape, predicted_tps
from tiny_gguf import make_tiny

# Attention heads as the makers' configs have them.
HEADS = {
    "qwen1.5-1.8b": 16,
    "qwen2.5-0.5b": 14,
    "qwen2.5-1.5b": 12,
    "qwen2.5-3b": 16,
    "qwen3-0.6b": 16,
    "qwen3-1.7b": 16,
    "qwen3-4b": 32,
    "qwen3-8b": 32,
    "qwen3.5-0.8b": 8,
    "qwen3.5-2b": 8,
    "qwen3.5-4b": 16,
    "qwen3.5-9b": 16,
}


@pytest.mark.parametrize(("name", "n_heads"), HEADS.items())
def test_the_heads_a_catalog_entry_does_not_tell_are_worked_out(name, n_heads):
    assert Shape.of_spec(*load_catalog().find(name)).n_heads == n_heads


def test_a_catalog_entry_is_at_least_as_wide_as_the_model():
    # 4,864 and 8,960 in the makers' configs.
    narrow, wide = (Shape.of_spec(*load_catalog().find(f"qwen2.5-{n}b")) for n in ("0.5", "1.5"))
    assert (narrow.feed_forward, wide.feed_forward) == (5376, 9216)


def test_a_file_gives_its_own_shape(tmp_path):
    shape = Shape.of_header(preflight(make_tiny(tmp_path / "tiny.gguf", "qwen35")))
    # One attending layer of four, one KV head for two of queries, keys and values of 32.
    assert (shape.n_kv_layers, shape.keys_and_values, shape.queries) == (1, 64, 64)
    assert (shape.hidden, shape.feed_forward) == (64, 128)
    assert shape.recurrent_state_bytes == 58_368
    assert shape.n_ctx_train == 4096


def test_decoding_is_at_most_bandwidth_over_bytes_read():
    assert predicted_tps(TOY, 4000 * MIB) == 10.0
