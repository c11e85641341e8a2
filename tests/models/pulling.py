"""What the pull tests share: quants of made-up bytes, quick pulls, pulls in other processes."""

from __future__ import annotations

import hashlib
import multiprocessing
from collections.abc import Callable
from pathlib import Path

from edge.core.spec import HubSource, ModelScopeSource, Quant, Source, UrlSource
from edge.models.download import PullOptions, pull
from edge.models.shelf import Shelf, Weights
from edge.models.sources import Hosts, Patience
from faulty_server import FaultyServer

NAME = "toy-model"
QUICK = Patience(connect_s=3.0, stall_s=0.3, tries=2, pause_s=0.0)
HUB = HubSource("toys/Toy-GGUF", "toy-q4_k_m.gguf", "0" * 40)
MODELSCOPE = ModelScopeSource("toys/Toy-GGUF", "toy-q4_k_m.gguf")


def quant_of(payload: bytes, *sources: Source) -> Quant:
    """The catalog entry of a file with these bytes."""
    digest = hashlib.sha256(payload).hexdigest()
    return Quant("q4_k_m", "toy-q4_k_m.gguf", len(payload), digest, len(payload), sources)


def at(server: FaultyServer) -> UrlSource:
    """A plain address on a test server."""
    return UrlSource(f"{server.url}/toy-q4_k_m.gguf")


def options(
    hub: FaultyServer | None = None,
    modelscope: FaultyServer | None = None,
    *,
    token: str | None = None,
    hub_cache: Path = Path("/nonexistent"),
    on_note: Callable[[str], None] = lambda _: None,
) -> PullOptions:
    """Options of a pull from test servers; a hub that is not given cannot be reached."""
    hosts = Hosts(
        hub=hub.url if hub else "http://127.0.0.1:9",
        modelscope=modelscope.url if modelscope else "http://127.0.0.1:9",
        token=token,
        hub_cache=hub_cache,
    )
    return PullOptions(hosts=hosts, patience=QUICK, on_note=on_note)


def quick_pull(shelf: Shelf, payload: bytes, *servers: FaultyServer) -> Weights:
    """Pull these bytes from plain addresses, in this order."""
    return pull(quant_of(payload, *map(at, servers)), NAME, shelf, options())


def holds(weights: Weights | None, payload: bytes) -> bool:
    """Whether these weights are exactly these bytes, under the name of their own hash."""
    assert weights is not None
    right_name = weights.path.name == f"sha256-{hashlib.sha256(payload).hexdigest()}.gguf"
    return right_name and weights.path.read_bytes() == payload


def kept_bytes(shelf: Shelf) -> int:
    """How many bytes of unfinished transfers are kept."""
    return sum(path.stat().st_size for path in shelf.folder.glob("partial/*.part"))


# Processes of their own. The fork server has the imports behind it, so each starts at once.

processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload(["edge.models.transfer", "edge.models.hub", "pulling"])


def pull_from_hub(folder: Path, quant: Quant, endpoint: str) -> None:
    """The whole life of a pulling process."""
    hosts = Hosts.from_environ({"HF_ENDPOINT": endpoint})
    patience = Patience(pause_s=0.0)
    pull(quant, NAME, Shelf(folder), PullOptions(hosts=hosts, patience=patience))
