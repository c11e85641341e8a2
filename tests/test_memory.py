"""What a model takes in this machine's memory is what was said before it was loaded."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import edge
from edge.core.errors import DoesNotFit
from edge.core.memory import Layout
from edge.core.units import MIB
from edge.device.probe import probe_device
from edge.device.profile import DeviceProfile
from edge.engine.edge.engine import EdgeEngine
from edge.loading.model import engine_options, layouts_here, load, open_library
from edge.models.library import Model
from edge.runtime import Runtime
from edge.settings.chosen import Settings
from edge.settings.folders import Folders
from tiny_gguf import TinyShape
from tiny_home import furnish

ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="reads the peak from /proc")


def peak_bytes(runtime: Runtime) -> int:
    """The most memory the worker has held so far; mapped weights count."""
    assert isinstance(runtime.engine, EdgeEngine)
    status = Path(f"/proc/{runtime.engine.worker_pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def need_bytes(runtime: Runtime) -> int:
    assert runtime.loaded is not None
    return runtime.loaded.fit.need_bytes


def wide(home: Path, **shape: int) -> Model:
    """A tiny model with a large cache, on the shelf."""
    furnish(home, name="wide", n_ctx=32_768, shape=TinyShape(**shape))
    return open_library(Folders.below(home)).find("wide")


def free(free_mib: int) -> DeviceProfile:
    return DeviceProfile("small", 1, memory_bytes=2**31, free_bytes=free_mib * MIB)


@ON_LINUX
@pytest.mark.parametrize(
    ("arch", "memory"),
    [("qwen2", "low"), ("qwen2", "auto"), ("qwen3", "fast"), ("qwen35", "low"), ("qwen35", "auto")],
)
def test_a_worker_peaks_within_a_tenth_of_the_prediction(edge_home, arch, memory):
    furnish(edge_home, arch=arch)
    options = {"memory": memory, "n_ctx": 4096, "max_tokens": 2, "snapshots": False}
    with edge.open("tiny", **options) as runtime:
        list(runtime.session().send("a" * 3900))  # a token a letter: the context is full
        assert 0.9 * need_bytes(runtime) < peak_bytes(runtime) < 1.1 * need_bytes(runtime)


@ON_LINUX
@pytest.mark.weights
def test_a_real_worker_peaks_within_a_tenth_of_the_prediction(weights_home):
    options = {"memory": "low", "n_ctx": 4096, "max_tokens": 2, "snapshots": False}
    with edge.open("qwen2.5-coder-0.5b", **options) as runtime:
        # Two chunks: with flash the depth does not matter.
        list(runtime.session().send("Say hello. " * 40))
        assert 0.9 * need_bytes(runtime) < peak_bytes(runtime) < 1.1 * need_bytes(runtime)


@pytest.mark.parametrize("memory", ["low", "auto", "fast"])
def test_a_model_is_loaded_in_the_layout_that_was_fitted(edge_home, memory):
    model, settings = wide(edge_home), Settings(memory=memory, n_ctx=4096)
    loaded = load(model, settings, probe_device())
    options = engine_options(loaded, settings, Folders.below(edge_home))
    assert options.layout == loaded.fit.layout
    assert options.layout == layouts_here(settings).at(loaded.fit.shape, 4096)


def test_little_memory_means_a_cache_in_q8_and_small_chunks(edge_home):
    held = load(wide(edge_home), Settings(memory="low"), probe_device()).fit
    assert held.layout == Layout(flash=True, kv_q8=True, chunk_tokens=64)


def test_a_long_context_is_opened_with_flash_unless_speed_counts_more(edge_home):
    # 32 heads x 128 x 4 bytes are 16 KiB a token: 64 MiB at 4,096.
    model = wide(edge_home, n_layers=1, n_heads=32, n_kv_heads=1, hidden=1024)

    def flash(n_ctx: int, memory: str = "auto") -> bool:
        settings = Settings(memory=memory, n_ctx=n_ctx)
        return load(model, settings, free(4096)).fit.layout.flash

    assert (flash(4096), flash(4352), flash(4352, "fast")) == (False, True, False)


def test_the_default_context_is_the_longest_that_fits_in_its_own_layout(edge_home):
    model = wide(edge_home, n_layers=64, n_heads=2, n_kv_heads=2)
    held = load(model, Settings(), free(150)).fit
    assert 256 <= held.n_ctx < 4096
    assert held.n_ctx == held.largest_n_ctx


def test_who_wants_more_than_fits_is_offered_little_memory_first(edge_home):
    # Cache of 16 KiB a token: 64 MiB at 4,096; 34 in q8_0. Of 150 MiB 120 may be taken.
    model = wide(edge_home, n_layers=64, n_heads=2, n_kv_heads=2)
    with pytest.raises(DoesNotFit) as refused:
        load(model, Settings(n_ctx=4096), free(150))
    assert refused.value.hint.startswith("--memory low, or --ctx ")
    assert load(model, Settings(n_ctx=4096, memory="low"), free(150)).fit.fits
