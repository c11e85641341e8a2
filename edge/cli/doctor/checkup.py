"""What `edge doctor` looks at: each part of edge on this machine, as a line with what to do."""

from __future__ import annotations

import os
import platform
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, fields
from enum import StrEnum
from pathlib import Path

from edge.core.errors import EdgeError, UsageError
from edge.core.say import say
from edge.core.units import GIB, show_bytes
from edge.device.probe import probe_device
from edge.loading.model import layouts_here
from edge.models.choosing import default_model
from edge.models.library import Library
from edge.models.standing import Unreadable, every_model
from edge.settings.chosen import Settings, load_settings
from edge.settings.folders import Folders
from edge.store.database import open_database

_LITTLE_BYTES = GIB  # less than this free is worth a word


class State(StrEnum):
    """How a part is; only BROKEN makes the exit code 1."""

    OK = "ok"
    WARN = "warn"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Check:
    """One part of edge, how it is, and what to type where that helps."""

    name: str
    state: State
    text: str
    hint: str = ""


def guarded(name: str, look: Callable[[], Check]) -> Check:
    """The check, or what kept it from being made."""
    try:
        return look()
    except EdgeError as error:
        return Check(name, State.BROKEN, error.message, error.hint)
    except OSError as error:
        return Check(name, State.BROKEN, str(error))


def check_machine() -> Check:
    """Cores and memory this process may use, inside every limit set on it."""
    device = probe_device()
    free, total = show_bytes(device.free_bytes), show_bytes(device.memory_bytes)
    battery = say(", on battery") if device.on_battery else ""
    text = say(
        "{n} cores, {free} of {total} free{battery}",
        n=device.n_cores,
        free=free,
        total=total,
        battery=battery,
    )
    if device.free_bytes < _LITTLE_BYTES:
        return Check("memory", State.WARN, text, say("close other programs"))
    return Check("memory", State.OK, text)


def check_python() -> Check:
    """The interpreter and the system it runs on."""
    text = say(
        "{version} on {system} {machine}",
        version=platform.python_version(),
        system=platform.system(),
        machine=platform.machine(),
    )
    return Check("python", State.OK, text)


def check_settings(folders: Folders) -> Check:
    """The settings that are not left at their default, and where each comes from."""
    settings = load_settings(folders=folders)
    names = [entry.name for entry in fields(Settings) if entry.name in settings.origins]
    chosen = [f"{name} = {getattr(settings, name)!r} ({settings.origin(name)})" for name in names]
    text = ", ".join(chosen) or say(
        "all at their default; yours go in {file}", file=folders.config_file
    )
    return Check("settings", State.OK, text)


def check_disk(folders: Folders) -> Check:
    """Room for models, and whether they could be written there."""
    place = next(path for path in (folders.models, *folders.models.parents) if path.exists())
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        raise UsageError(
            say("cannot write in {place}", place=place), hint="export EDGE_HOME=/a/writable/folder"
        )
    free_bytes = shutil.disk_usage(place).free
    text = say("{free} free for {folder}", free=show_bytes(free_bytes), folder=folders.models)
    if free_bytes < _LITTLE_BYTES:
        return Check("disk", State.WARN, text, say("edge rm NAME, for a model you do not use"))
    return Check("disk", State.OK, text)


def check_models(library: Library) -> Check:
    """What is on the shelf; changes since it was hashed are found by size and time stamp."""
    every = list(every_model(library))
    for one in every:
        if isinstance(one, Unreadable):
            raise one.error
        if one.weights:
            library.shelf.get(one.quant.sha256)
    here = [one for one in every if not isinstance(one, Unreadable) and one.weights]
    rest = _unfinished(library.shelf.folder)
    if not here:
        return Check("models", State.WARN, say("none is here{rest}", rest=rest), _advice(library))
    total = show_bytes(sum(model.quant.size_bytes for model in here))
    names = ", ".join(model.name for model in here)
    return Check("models", State.OK, f"{names} ({total}){rest}")


def check_store(folders: Folders) -> Check:
    """Whether every page of the conversation store can be read, and how it is written."""
    if folders.store.exists():
        return _store(folders.store, say("every page is readable"))
    # A new one elsewhere shows whether one could be made, and leaves nothing behind.
    with tempfile.TemporaryDirectory() as folder:
        return _store(Path(folder, "edge.db"), say("no conversation yet"))


def _store(path: Path, text: str) -> Check:
    database = open_database(path)
    try:
        database.check()
        with database.read() as connection:
            version = connection.execute("SELECT sqlite_version()").fetchone()[0]
            journal = connection.execute("PRAGMA journal_mode").fetchone()[0]
    finally:
        database.close()
    return Check(
        "store",
        State.OK,
        say(
            "{text}; SQLite {version}, journal mode {journal!r}",
            text=text,
            version=version,
            journal=journal,
        ),
    )


def _advice(library: Library) -> str:
    try:
        # Settings that cannot be read have a line of their own.
        layouts = layouts_here(_settings_or_none_chosen())
        spec, _ = default_model(library.catalog, probe_device(), layouts=layouts)
    except EdgeError as error:
        return error.hint
    return f"edge pull {spec.name}"


def _settings_or_none_chosen() -> Settings:
    try:
        return load_settings()
    except UsageError:
        return Settings()


def _unfinished(shelf: Path) -> str:
    kept_bytes = sum(part.stat().st_size for part in (shelf / "partial").glob("*.part"))
    return say("; {size} of unfinished pulls", size=show_bytes(kept_bytes)) if kept_bytes else ""
