"""What repairs leave beside a store: files set aside, and folders of those that were killed.

All of it may hold what was deleted from the store since.
"""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edge.store.owner import Owner

DAMAGED = ".damaged"  # the store as it was, once another took its place
SALVAGED = ".salvaged"  # a new store of what could be read of it
_WORKING = "salvage-"


def free_name(path: Path, ending: str) -> Path:
    """A place beside the store at `path` that nothing is at, under its name and that ending."""
    first = f"{path.name}{ending}"
    names = itertools.chain([first], (f"{first}-{n}" for n in itertools.count(2)))
    return next(place for name in names if not (place := path.with_name(name)).exists())


def set_aside(path: Path) -> tuple[Path, ...]:
    """The files that repairs of the store at `path` left beside it."""
    found = [each for end in (DAMAGED, SALVAGED) for each in path.parent.glob(f"{path.name}{end}*")]
    return tuple(sorted(each for each in found if each.is_file()))


@contextmanager
def working_folder(path: Path) -> Iterator[Path]:
    """A private folder beside the store at `path`, which is gone afterwards."""
    owner = _owner(path)
    folder = path.with_name(f"{_WORKING}{owner.name}")
    try:
        folder.mkdir(mode=0o700)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        owner.release()


def clear_away(path: Path) -> None:
    """Remove the working folders of processes that were killed."""
    owner = _owner(path)
    for folder in path.parent.glob(f"{_WORKING}*"):
        if folder.is_dir() and not owner.alive(folder.name.removeprefix(_WORKING)):
            shutil.rmtree(folder, ignore_errors=True)


def _owner(path: Path) -> Owner:
    return Owner(path.with_name(f"{path.name}-owners"))
