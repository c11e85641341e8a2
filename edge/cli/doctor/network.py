"""Every host edge may ever contact, why, and whether it answers; asked only by `--network`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing

from edge.cli.doctor.checkup import Check, State
from edge.core.errors import NetworkError, UsageError
from edge.core.say import noted, say, say_noted
from edge.models.sources import Address, Hosts, Patience
from edge.models.wire import Wire

_PATIENCE = Patience(connect_s=5.0, stall_s=5.0)
_WHY_HUB = noted("model files, and the file stores it redirects to (edge pull)")
_WHY_MODELSCOPE = noted("the same files, where the Hub gives none (edge pull)")
_WHY_PIP = noted(
    "pip's package index, under pip's own settings: parts of two models, only if you agree"
)


def check_network(*, offline: bool) -> Iterator[Check]:
    """A line for each host; no text and no token of the user's goes to any of them."""
    try:
        hosts = Hosts.from_environ(os.environ, offline=offline)
    except UsageError as error:
        yield Check("network", State.BROKEN, error.message, error.hint)
    else:
        for url, why in ((hosts.hub, _WHY_HUB), (hosts.modelscope, _WHY_MODELSCOPE)):
            yield _check_host(Address(url), why, asked=not hosts.offline)
    yield Check("network", State.OK, say("{what}; not asked now", what=say_noted(_WHY_PIP)))


def _check_host(host: Address, why: str, *, asked: bool) -> Check:
    text = say("{host}: {what}", host=host.name, what=say_noted(why))
    if not asked:
        return Check("network", State.OK, say("{what}; not asked, edge is offline", what=text))
    try:
        # Any answer will do, so the first redirect is as good as a page.
        with closing(Wire(_PATIENCE)) as wire, wire.ask("HEAD", host, {}, stop_at="location"):
            return Check("network", State.OK, say("{what}; reachable", what=text))
    except NetworkError as error:
        hint = error.hint or say("HF_ENDPOINT or EDGE_MODELSCOPE_ENDPOINT can name a mirror")
        told = say("{what}; not reachable: {why}", what=text, why=error.message)
        return Check("network", State.WARN, told, hint)
