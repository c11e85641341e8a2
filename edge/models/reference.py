"""A model the catalog does not know, named by its place on the Hub: `hf:OWNER/REPO/FILE.gguf`."""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import replace
from pathlib import PurePosixPath

from edge.core.errors import NetworkError, UsageError
from edge.core.say import say
from edge.core.spec import HubSource, Quant
from edge.models.sources import Address, Hosts, Patience, hub_address

_REFERENCE = re.compile(r"hf:([^/@]+/[^/@]+)(?:@([^/]+))?/(.+\.gguf)")
# A name that is a step up, a drive, or holds a control character is no part of an address.
# The Hub's own rule for names; of two hyphens or dots in a row it makes something else.
_NAME = re.compile(r"(?!.*(?:--|\.\.))\w(?:[\w.-]{0,94}\w)?(?<!\.git)", re.ASCII)
_SEGMENT = re.compile(r"(?!\.{1,2}$)[^\x00-\x1f\x7f\\:]{1,200}")
_QUANT = re.compile(r"(?<![a-z0-9])(?:i?q\d\w*|mxfp4\w*|bf16|f16|f32)$")
_SHA256 = re.compile(r"[0-9a-f]{64}")


def parse_reference(reference: str) -> HubSource:
    """The file `hf:OWNER/REPO/FILE.gguf` or `hf:OWNER/REPO@REVISION/FILE.gguf` names.

    >>> parse_reference("hf:Qwen/Qwen3-0.6B-GGUF/Qwen3-0.6B-Q8_0.gguf").file
    'Qwen3-0.6B-Q8_0.gguf'
    """
    found = _REFERENCE.fullmatch(reference)
    words = (
        [word for group in found.groups() if group for word in group.split("/")] if found else []
    )
    named = found is not None and all(_NAME.fullmatch(word) for word in found[1].split("/"))
    if found is None or not named or not all(_SEGMENT.fullmatch(word) for word in words):
        raise UsageError(
            say("{reference!r} names no file on the Hub", reference=reference[:120]),
            hint="edge pull hf:OWNER/REPO/FILE.gguf",
        )
    return HubSource(found[1], found[3], found[2])


def resolve_reference(reference: str, hosts: Hosts, patience: Patience | None = None) -> Quant:
    """Ask the Hub for the size and SHA-256 of a file, and pin it to the commit it has now.

    Raises UsageError for a malformed reference or one that names nothing, and NetworkError.
    """
    source = parse_reference(reference)
    if hosts.offline:
        raise NetworkError(
            say("{reference!r} must be looked up and edge is offline", reference=reference),
            hint="edge import FILE.gguf",
        )
    size_bytes, sha256, revision = _look_up(hub_address(source, hosts), patience or Patience())
    return Quant(
        name=quant_name(source.file),
        file=PurePosixPath(source.file).name,
        size_bytes=size_bytes,
        sha256=sha256,
        read_bytes=size_bytes,
        sources=(replace(source, revision=revision or source.revision),),
    )


def quant_name(file: str) -> str:
    """The quantization a file's name ends in, as the catalog writes it; else "file".

    >>> quant_name("Qwen3-0.6B-Q8_0.gguf"), quant_name("qwen2.5-1.5b-instruct-q4_k_m.gguf")
    ('q8_0', 'q4_k_m')
    """
    found = _QUANT.search(PurePosixPath(file).stem.lower())
    return found[0] if found else "file"


def _look_up(address: Address, patience: Patience) -> tuple[int, str, str | None]:
    """Size, SHA-256 and commit of a large file, as the Hub's own answer states them."""
    from edge.models.wire import Wire

    # Behind the Hub's redirect lies a store that knows no hashes: stop before it.
    with (
        closing(Wire(patience)) as wire,
        wire.ask("HEAD", address, {}, stop_at="x-linked-etag") as answer,
    ):
        status, headers = answer.status, answer.headers
    if status in (401, 403, 404):
        raise UsageError(
            say("{url} is not there or not public (HTTP {status})", url=address.url, status=status),
            hint=say("check the spelling; for private files set HF_TOKEN"),
        )
    if status >= 400:
        raise NetworkError(
            say("{source} answered HTTP {status}", source=address.name, status=status),
            hint=say("try again later"),
        )
    sha256 = headers.get("x-linked-etag", "").strip('"')
    size = headers.get("x-linked-size", "")
    if not _SHA256.fullmatch(sha256) or not size.isdecimal():
        raise NetworkError(
            say(
                "{source} names no SHA-256 for this file, so it cannot be checked",
                source=address.name,
            ),
            hint=say("fetch it another way, then: edge import FILE.gguf"),
        )
    return int(size), sha256, headers.get("x-repo-commit")
