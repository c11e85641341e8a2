"""A home for a short while: settings, store and policy of its own, thrown away afterwards.

Of the user's own folders only the shelf of models is used, and only to be read.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from edge.loading.model import tried_here
from edge.models.library import Model
from edge.settings.chosen import Settings
from edge.settings.config_file import write_private
from edge.settings.folders import Folders
from edge.settings.keys import key_variable
from edge.store.state import State

PROVIDER = "stand-in"
# A provider of the user's own may cost nothing; for a budget to bind, this one does:
# as much as qwen-plus in its mainland region (models.toml).
_CONFIG = """\
[cloud]
mode = "auto"
provider = "{provider}"

[cloud.{provider}]
base_url = "{base_url}"
models = ["{model}"]
n_ctx = 32768
per_million_in = "0.8"
per_million_out = "2"
currency = "CNY"

[privacy]
new = "public"

[budget.CNY]
month = 1
"""
# A key that opens nothing; with one in the environment the system's key store is not asked.
_NO_KEY = "none-needed"
_OURS, _STAYS = "EDGE_", "EDGE_DEBUG"


def settings_for_show(settings: Settings, max_tokens: int) -> Settings:
    """Settings for short and repeatable replies; threads and memory stay as the user has them."""
    return replace(
        settings,
        n_ctx=None,
        system=None,
        thinking=False,
        temperature=0.0,
        max_tokens=max_tokens,
        seed=None,
        snapshots=True,
        save=True,
        offline=False,  # nothing is fetched any more, and the stand-in is here
    )


@contextmanager
def passing_home(base_url: str, cloud_model: str, policy: str) -> Iterator[Folders]:
    """An EDGE_HOME with this cloud turned on and this policy; removed again at the end.

    Within, the commands of edge see this home, and no EDGE_* variable of the user's.
    """
    shelf = Folders.find().models
    # The user's own EDGE_HOME may be on a slow disk, or be read-only; this is small.
    with tempfile.TemporaryDirectory(prefix="edge-demo-", ignore_cleanup_errors=True) as home:
        folders = replace(Folders.below(Path(home)), models=shelf)
        config = _CONFIG.format(provider=PROVIDER, base_url=base_url, model=cloud_model)
        write_private(folders.config_file, config)
        write_private(folders.config / "policy.toml", policy)
        with _environment({"EDGE_HOME": home, key_variable(PROVIDER): _NO_KEY}):
            yield folders


def remember_what_is_faster(model: Model, usual: Folders, passing: Folders) -> None:
    """Take along what was found out of this machine, so that a model runs as it does otherwise."""
    known, tried = State(usual), tried_here(model)
    if faster := known.faster(tried):
        State(passing).remember_faster(tried, faster)
    if n_threads := known.threads(tried):
        State(passing).remember_threads(tried, n_threads)


@contextmanager
def _environment(ours: Mapping[str, str]) -> Iterator[None]:
    """Within, these are the only EDGE_* variables."""
    before = dict(os.environ)
    for name in before:
        if name.startswith(_OURS) and name != _STAYS:
            del os.environ[name]
    os.environ.update(ours)
    try:
        yield
    finally:
        for name in ours:
            os.environ.pop(name, None)
        os.environ.update(before)
