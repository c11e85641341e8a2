"""Where edge keeps its files. Nothing here writes when imported or looked up.

A missing or read-only home is an error at the moment something is written.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from edge.core.errors import DiskFull, EdgeError, UsageError
from edge.core.say import say


@dataclass(frozen=True, slots=True)
class Folders:
    """Where edge keeps things; everything lies below `home` when EDGE_HOME is set."""

    home: Path
    config: Path
    data: Path
    cache: Path
    models: Path
    store: Path

    @staticmethod
    def find(environ: Mapping[str, str] = os.environ) -> Folders:
        """The folders of this user. Creates nothing, and never fails.

        Without a home directory the paths are not absolute; `private_folder`
        refuses those, so the error comes when something is to be written.
        """
        try:
            if environ.get("EDGE_HOME"):
                return Folders.below(Path(environ["EDGE_HOME"]).expanduser().absolute())
            import platformdirs

            places = platformdirs.PlatformDirs("edge", appauthor=False)
            data, config = places.user_data_path, places.user_config_path
            return Folders(
                data, config, data, places.user_cache_path, data / "models", data / "edge.db"
            )
        except (RuntimeError, OSError):  # HOME names nothing, or the working folder is gone
            return Folders.below(Path("edge"))

    @staticmethod
    def below(home: Path) -> Folders:
        """All folders under one, as EDGE_HOME asks."""
        data = home / "data"
        return Folders(home, home, data, home / "cache", home / "models", data / "edge.db")

    @property
    def config_file(self) -> Path:
        """The file a user writes settings in."""
        return self.config / "config.toml"


def private_folder(folder: Path) -> None:
    """Make `folder` readable by its owner alone (0700), whatever the umask says.

    A folder that is there already is left as it is: it may be one the user shares.
    Raises UsageError or DiskFull when it cannot be made.
    """
    if not folder.is_absolute():
        raise UsageError(
            say("there is no home directory to write {name!r} in", name=folder.name),
            hint="export EDGE_HOME=/a/writable/folder",
        )
    try:
        if not folder.is_dir():
            folder.parent.mkdir(parents=True, exist_ok=True)
            folder.mkdir(mode=0o700, exist_ok=True)
            folder.chmod(0o700)
    except OSError as cause:
        raise cannot_write(folder, cause) from cause


def cannot_write(path: Path, cause: OSError) -> EdgeError:
    """The error that says why `path` was not written: DiskFull, else UsageError."""
    if cause.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(
            say("no room on the disk to write {path!r}", path=str(path)),
            hint=f"df -h {path.parent}",
        )
    return UsageError(
        say("cannot write {path!r}: {why}", path=str(path), why=cause.strerror),
        hint="export EDGE_HOME=/a/writable/folder",
    )
