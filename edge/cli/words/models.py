"""What is said of models and their weights: listed, fetched, imported, verified and removed."""

from __future__ import annotations

from collections.abc import Sequence

from edge.core.say import say
from edge.core.units import show_bytes

# `edge models`.


def headings() -> tuple[str, ...]:
    """The columns of the list."""
    return (
        say("MODEL"),
        say("HERE"),
        say("SIZE"),
        say("NEEDS"),
        say("FITS"),
        say("PREDICTED"),
        say("LICENCE"),
    )


def numbers() -> tuple[str, ...]:
    """Those of them that hold numbers."""
    return (say("SIZE"), say("NEEDS"), say("PREDICTED"))


def here() -> str:
    """Said of a model whose weights are on this machine."""
    return say("here")


def fits() -> str:
    """Said of a model that fits at the context asked for."""
    return say("yes")


def fits_up_to(n_ctx: int) -> str:
    """Said of one that fits at a shorter context, or at none."""
    return say("to {n_ctx} tokens", n_ctx=n_ctx) if n_ctx else say("no")


def this_machine() -> str:
    """The device that is not one of the catalog."""
    return say("this machine")


def memory_free(device: str, free_bytes: int, memory_bytes: int) -> str:
    """What the models are held against."""
    return say(
        "{device}: {free} of {memory} free",
        device=device,
        free=show_bytes(free_bytes),
        memory=show_bytes(memory_bytes),
    )


def assumed(n_ctx: int, policy: str, gb_per_s: float, *, measured: bool) -> str:
    """What the figures of the list hold for."""
    how = say("measured now") if measured else say("a peak from data sheets, so ceilings")
    return say(
        "needs at {n_ctx} tokens of context with --memory {policy}; "
        "speeds are predicted from its memory's {gb_per_s:.0f} GB/s ({how})",
        n_ctx=n_ctx,
        policy=policy,
        gb_per_s=gb_per_s,
        how=how,
    )


def both(free: str, held: str) -> str:
    """The two in a line."""
    return say("{free}; {held}", free=free, held=held)


def cannot_be_used(name: str, why: str) -> str:
    """Weights that are here and broken."""
    return say("! {name} cannot be used: {why}", name=name, why=why)


# Fetching, importing.


def came(name: str, size_bytes: int, place: str) -> str:
    """Weights came from somewhere; and what to type next."""
    return say(
        "{name}: {size}, from {place}; edge chat {name}",
        name=name,
        size=show_bytes(size_bytes),
        place=place,
    )


def already_here(name: str, size_bytes: int) -> str:
    """There was nothing to fetch."""
    return say(
        "{name}: {size}, already here; edge chat {name}", name=name, size=show_bytes(size_bytes)
    )


def licence_unknown() -> str:
    """A file of the Hub that the catalog does not have."""
    return say("! edge does not know this file's licence")


def take_it(offer: str) -> str:
    """A question; `offer` says what is unofficial about a source."""
    return say("{offer}. Take it from there?", offer=offer)


def pull_stopped(typed: str) -> str:
    """The user stopped it."""
    return say("the pull of {typed!r} was stopped", typed=typed)


def part_kept(kept_bytes: int) -> str:
    """What was fetched before that."""
    return say("{size} are kept", size=show_bytes(kept_bytes))


def coming(what: str, how_far: str, source: str) -> str:
    """A line of progress, where no bar can be drawn."""
    return say("{what}: {how_far}, from {source}", what=what, how_far=how_far, source=source)


def so_far(done_bytes: int, total_bytes: int) -> str:
    """How much is here."""
    return say("{done} of {total}", done=show_bytes(done_bytes), total=show_bytes(total_bytes))


def left(far: str, bytes_per_s: int, time: str) -> str:
    """The same with the speed, and how long it will take."""
    return say("{far}, {speed}/s, {time} left", far=far, speed=show_bytes(bytes_per_s), time=time)


def file_or_found() -> str:
    """Neither or both were given."""
    return say("name a file, or say --found")


def reading(file: str) -> str:
    """Said while a file is hashed."""
    return say("reading {file}", file=file)


def keeps_its_name(name: str) -> str:
    """Another name was asked for."""
    return say("the catalog knows this file as {name}; it keeps that name", name=name)


def looking() -> str:
    """Said while folders of other tools are searched."""
    return say("looking through what other tools fetched")


def none_found() -> str:
    """They have nothing to take."""
    return say("other tools have fetched no model of the catalog that is not here already")


def use_them() -> str:
    """A question."""
    return say("Use them?")


def nothing_taken() -> str:
    """The answer was no, or nobody could be asked."""
    return say("nothing is taken; to take them: edge import --found --yes")


# Verifying, removing.


def ok() -> str:
    """Said of weights that are the bytes once hashed."""
    return say("ok")


def damaged() -> str:
    """Said of others."""
    return say("DAMAGED")


def hashing(name: str, size_bytes: int, n: int, count: int) -> str:
    """Said while one of several is hashed."""
    return say(
        "{name}, {size} ({i} of {count})",
        name=name,
        size=show_bytes(size_bytes),
        i=n,
        count=count,
    )


def some_damaged(names: Sequence[str], count: int) -> str:
    """How a verification ended."""
    return say(
        "{n_damaged} of {count} damaged: {names}",
        n_damaged=len(names),
        count=count,
        names=", ".join(names),
    )


def remove_and_fetch(names: Sequence[str]) -> str:
    """The next thing to type."""
    removing = " && ".join(f"edge rm --yes {name}" for name in names)
    return say("{removing}, and fetch them again", removing=removing)


def none_here() -> str:
    """The shelf is empty."""
    return say("no model is here")


def removed(name: str, freed: str) -> str:
    """Weights are gone."""
    return say("{name} is removed; {freed}", name=name, freed=freed)


def nobody_to_ask(name: str) -> str:
    """Removing asks first."""
    return say("nobody is here to be asked whether {name!r} may go", name=name)


def remove(name: str, freed: str) -> str:
    """A question."""
    return say("Remove {name}? ({freed})", name=name, freed=freed)


def stays(name: str) -> str:
    """The answer was no."""
    return say("{name!r} stays", name=name)


def frees(size_bytes: int) -> str:
    """What removing gives back."""
    return say("frees {size}", size=show_bytes(size_bytes))


def frees_nothing(size_bytes: int, origin: str) -> str:
    """The bytes have another name."""
    return say(
        "frees nothing: its {size} have another name, at {origin}",
        size=show_bytes(size_bytes),
        origin=origin,
    )
