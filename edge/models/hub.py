"""The border to huggingface_hub: addresses, the token and the files it keeps; never a request.

Its own download neither checks content nor resumes after a kill, so only its
knowledge is used. Importing it takes a moment; import this module where it is used.
"""

from __future__ import annotations

import os
from pathlib import Path

from edge.core.errors import UsageError
from edge.core.say import say
from edge.core.spec import HubSource

# Read when huggingface_hub is imported; without it the first use calls home.
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")

from huggingface_hub import constants, get_token, hf_hub_url, try_to_load_from_cache
from huggingface_hub.errors import HFValidationError


def file_url(source: HubSource, endpoint: str) -> str:
    """Where `endpoint` serves a file of a repository, at its revision; raises UsageError."""
    try:
        url = hf_hub_url(source.repo, source.file, revision=source.revision)
    except (HFValidationError, ValueError) as cause:
        raise _no_repository(source) from cause
    return endpoint + url.removeprefix(constants.ENDPOINT)


def cached_file(source: HubSource, cache: Path | None) -> Path | None:
    """The file as another tool left it in the Hub's cache; asks nobody."""
    try:
        found = try_to_load_from_cache(
            source.repo, source.file, cache_dir=cache, revision=source.revision
        )
    except (HFValidationError, ValueError) as cause:
        raise _no_repository(source) from cause
    # Besides a path and None there is a mark for "known not to exist".
    return Path(found).resolve() if isinstance(found, str) else None


def _no_repository(source: HubSource) -> UsageError:
    return UsageError(
        say("{repo!r} cannot name a repository", repo=source.repo[:120]),
        hint="edge pull hf:OWNER/REPO/FILE.gguf",
    )


def saved_token() -> str | None:
    """The token of `hf auth login`, or HF_TOKEN; None when there is none."""
    return get_token()
