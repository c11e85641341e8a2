"""Where a provider is asked: the hosts of Model Studio by region, and checked addresses (pure)."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import urlsplit

from edge.core.cloud import is_this_machine
from edge.core.say import say

_PATH = "/compatible-mode/v1"


@dataclass(frozen=True, slots=True)
class Region:
    """A region of Model Studio; `shared_host` is empty where each workspace has its own.

    `prices` names the price list of the catalog; regions nobody published one for
    have their own name there, and so no price.
    """

    id: str
    shared_host: str
    prices: str

    def base_url(self, workspace: str | None) -> str:
        """Where the region is asked; empty when it has no shared host and no workspace is named."""
        host = f"{workspace}.{self.id}.maas.aliyuncs.com" if workspace else self.shared_host
        return f"https://{host}{_PATH}" if host else ""


# Source: Model Studio's page of base URLs, 2026-10-11. A key belongs to its region.
REGIONS: Mapping[str, Region] = MappingProxyType(
    {
        "beijing": Region("cn-beijing", "dashscope.aliyuncs.com", "mainland"),
        "singapore": Region("ap-southeast-1", "dashscope-intl.aliyuncs.com", "international"),
        "us": Region("us-east-1", "dashscope-us.aliyuncs.com", "us"),
        "hong-kong": Region("cn-hongkong", "cn-hongkong.dashscope.aliyuncs.com", "hong-kong"),
        "ap-northeast-1": Region("ap-northeast-1", "", "ap-northeast-1"),
        "eu-central-1": Region("eu-central-1", "", "eu-central-1"),
    }
)
_OTHER_NAMES = {region.id: name for name, region in REGIONS.items()} | {"intl": "singapore"}
REGION_NAMES = (*REGIONS, *(name for name in _OTHER_NAMES if name not in REGIONS))

# Coding Plan keys are good for the plan's own hosts alone, and no price by tokens holds there.
CODING_PLAN_PREFIX = "sk-sp-"
CODING_PLAN_URL = "https://coding.dashscope.aliyuncs.com/v1"

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
WORKSPACE = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,62}")
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?", re.IGNORECASE)


def region_called(name: str) -> Region:
    """The region of one of REGION_NAMES."""
    return REGIONS[_OTHER_NAMES.get(name, name)]


def checked_base_url(text: str) -> str:
    """An address that text may be sent to, without a slash at its end.

    https, or http to this machine itself. Raises ValueError saying what it must be.

    >>> checked_base_url("https://models.example.org/v1/")
    'https://models.example.org/v1'
    """
    url = urlsplit(text)  # ValueError: a broken IPv6 address
    host = url.hostname or ""
    _ = url.port  # ValueError: no port
    if not _is_host(host) or url.scheme not in ("https", "http"):
        raise ValueError(say("an address as https://HOST/v1"))
    if url.scheme == "http" and not is_this_machine(host):
        raise ValueError(say("https; http is for this machine itself (127.0.0.1) alone"))
    if "@" in url.netloc:
        raise ValueError(say("an address without a name or password in it"))
    if url.query or url.fragment or "?" in text or "#" in text:
        raise ValueError(say("an address without '?' and '#'"))
    if url.path.rstrip("/").endswith("/chat/completions"):
        raise ValueError(say("the address before /chat/completions"))
    return text.rstrip("/")


def _is_host(host: str) -> bool:
    if ":" in host:
        ipaddress.ip_address(host)
        return True
    return _HOST.fullmatch(host) is not None
