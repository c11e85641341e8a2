"""What `edge cloud` says; what its login says and asks is in edge.cli.words.cloud_login."""

from __future__ import annotations

from collections.abc import Sequence

from edge.core.cloud import Cap, CloudMode, Scope
from edge.core.event import Usage
from edge.core.message import Label
from edge.core.say import say
from edge.core.units import show_duration

# Whether it can be asked.


def detectors_missing() -> str:
    """Nobody could tell what is private."""
    return say("what finds personal data is not installed, so the cloud cannot be turned on")


def how_to_install() -> str:
    """The next thing to type."""
    return "pip install 'edge-qwen[cloud]'"


def is_off(offline: bool) -> str:
    """Nothing can be asked."""
    return say("offline = true, so nothing is sent") if offline else say("the cloud is off")


def how_to_turn_on(offline: bool) -> str:
    """The next thing to type."""
    return say("offline = false in config.toml") if offline else "edge cloud login"


def no_command(name: str) -> str:
    """A word that is no command of ours."""
    return say("there is no command {name}", name=name)


def label(of: Label) -> str:
    """Whether a conversation's text may leave this machine, in a word."""
    return say("public") if of is Label.PUBLIC else say("private")


def turn_off() -> str:
    """How to be rid of it."""
    return say("to turn it off: edge cloud logout, or EDGE_CLOUD=off for one command")


# After logout.


def logged_out(off: bool, places: Sequence[str]) -> str:
    """The mode, and where the key was."""
    forgotten = say("no key was kept")
    if places:
        forgotten = say("the key is forgotten ({places})", places=", ".join(places))
    if off:
        return say("the cloud is off; {forgotten}", forgotten=forgotten)
    return say("the cloud is on, with another provider; {forgotten}", forgotten=forgotten)


def still_set(variable: str) -> str:
    """A variable is not ours to take away."""
    return say("! {variable} is still set in this shell", variable=variable)


# What `test` found.


def answered(host: str, model: str, usage: Usage) -> str:
    """The cloud answered."""
    found = say(
        "{model} at {host} answers: first word after {wait}",
        model=model,
        host=host,
        wait=show_duration(usage.ttft_s),
    )
    if not (usage.cost and usage.cost.amount):
        return found
    return say("{found}, for {cost}", found=found, cost=usage.cost)


# Status, models and prices.


def mode(which: CloudMode, origin: str) -> str:
    """The mode and who set it."""
    means = {
        CloudMode.OFF: say("off: nothing is sent"),
        CloudMode.ASK: say("ask: you are asked before anything is sent"),
        CloudMode.AUTO: say("auto: what the policy says is sent"),
    }[which]
    return means if origin == "default" else say("{said} ({more})", said=means, more=origin)


def key(origin: str, ending: str) -> str:
    """Where a key comes from and how it ends."""
    if ending:
        return say("…{ending} from {origin}", ending=ending, origin=origin)
    return say("from {origin}", origin=origin)


def nothing_kept(variable: str) -> str:
    """No key anywhere."""
    return say("none: edge cloud login, or export {variable}=…", variable=variable)


def cap(which: Cap) -> str:
    """One cap."""
    return say("{limit} {per}", limit=which.limit, per=_per(which.scope))


def _per(scope: Scope) -> str:
    match scope:
        case Scope.TURN:
            return say("a turn")
        case Scope.CONVERSATION:
            return say("a conversation")
        case Scope.DAY:
            return say("a day")
        case Scope.MONTH:
            return say("a month")


def no_caps() -> str:
    """Nothing holds the spending."""
    return say("none: edge budget set")


def usual() -> str:
    """The model that is asked."""
    return say("usual")


def long() -> str:
    """The model for long prompts."""
    return say("long prompts")


def old_prices(days: int) -> str:
    """What the mark means."""
    return say(
        "! older than {days} days: look at the provider's page; "
        "a file clouds.toml beside config.toml replaces them",
        days=days,
    )


def price_unit() -> str:
    """What the figures count."""
    return say("per million tokens; a request is billed whole at the tier of its input's length")


def not_known() -> str:
    """A model nobody published a price for."""
    return say("not known")
