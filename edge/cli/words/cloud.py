"""What `edge cloud` says and asks; small functions, so that another language can stand here."""

from __future__ import annotations

from collections.abc import Sequence

from edge.core.cloud import Cap, CloudMode, Scope
from edge.core.event import Usage
from edge.core.message import Label
from edge.core.units import show_duration

_SCOPES = {
    Scope.TURN: "a turn",
    Scope.CONVERSATION: "a conversation",
    Scope.DAY: "a day",
    Scope.MONTH: "a month",
}

# What is wrong.


def key_on_the_command_line() -> str:
    """A key was typed as a word of the command."""
    return "a key is not taken on the command line, where every user of this machine can read it"


def how_to_give_a_key() -> str:
    """The next thing to type."""
    return 'edge cloud login, which asks for it; or: printf %s "$KEY" | edge cloud login'


def make_a_new_key() -> str:
    """A key that was typed in the open is not secret any more."""
    return f"make a new key, as this one was seen; then {how_to_give_a_key()}"


def one_provider(count: int) -> str:
    """More words than a provider's name."""
    return f"login takes one provider, and {count} words were given"


def no_command(name: str) -> str:
    """A word that is no command of ours."""
    return f"there is no command {name}"


def detectors_missing() -> str:
    """Nobody could tell what is private."""
    return "what finds personal data is not installed, so the cloud cannot be turned on"


def how_to_install() -> str:
    """The next thing to type."""
    return "pip install 'edge-qwen[cloud]'"


def needs_an_address(provider: str) -> str:
    """A provider of the user's own that nothing is known of."""
    return f"nothing is known of a provider {provider!r}"


def how_to_give_an_address(provider: str) -> str:
    """The next thing to type."""
    return f"edge cloud login {provider} --base-url https://HOST/v1 --model NAME"


def region_or_address(provider: str) -> str:
    """--region for a provider of the user's own."""
    return f"--region and --workspace are for Model Studio, and {provider!r} has an address"


def no_key() -> str:
    """Nothing was typed or piped, and nothing is kept."""
    return "there is no key"


def terminal_shows_keys() -> str:
    """The echo of the terminal cannot be turned off."""
    return "this terminal would show the key while it is typed"


def no_key_store() -> str:
    """Neither a key store, nor leave to write a file."""
    return "this system has no key store that keeps a key"


def how_to_keep_in_file(variable: str) -> str:
    """The next thing to type."""
    return (
        f"the same with --yes, which keeps it in a file that is yours alone; or export {variable}=…"
    )


def key_not_kept() -> str:
    """The answer was no."""
    return "the key is not kept, and nothing was changed"


def is_off(offline: bool) -> str:
    """Nothing can be asked."""
    return "offline = true, so nothing is sent" if offline else "the cloud is off"


def how_to_turn_on(offline: bool) -> str:
    """The next thing to type."""
    return "offline = false in config.toml" if offline else "edge cloud login"


# Questions.


def ask_key(provider: str) -> str:
    """The key, typed unseen."""
    return f"Key for {provider} (it is not shown): "


def ask_file(path: str) -> str:
    """No key store is here; a file instead?"""
    return f"No key store is here. Keep the key in {path}, readable by you alone?"


def ask_new() -> str:
    """How new conversations begin."""
    return (
        "How do new conversations start? A private one never leaves this machine; of a public "
        "one the policy may send what no detector finds private"
    )


def ask_mode() -> str:
    """Whether each send is asked about."""
    return "When the policy wants to send something: ask you each time, or send it (auto)?"


def answer_with(options: Sequence[str]) -> str:
    """None of the answers there are."""
    return f"answer {' or '.join(options)}"


# After login.


def logged_in(mode: CloudMode, model: str, host: str) -> str:
    """What is on now."""
    return f"the cloud is on, mode {mode}: {model} at {host}"


def key_is_in(origin: str) -> str:
    """Where the key is kept."""
    return f"the key is in {origin}"


def key_from_variable(variable: str) -> str:
    """A key of the environment is not copied."""
    return f"the key is the one in {variable}, and is not kept anywhere else"


def without_key() -> str:
    """An endpoint of this machine needs none."""
    return "no key is sent to it"


def variable_wins(variable: str) -> str:
    """Another key is going to be used."""
    return f"! {variable} is set, and wins over the key that is kept"


def conversations(new: Label) -> str:
    """What is private and what is not."""
    start = "public" if new is Label.PUBLIC else "private"
    return (
        f"new conversations start {start}; those you have stay private; detectors find most "
        "personal data, not all: edge chat --private where it matters"
    )


def spending(caps: Sequence[Cap]) -> str:
    """What can be spent at most."""
    if caps:
        return f"it may cost at most {', '.join(map(cap, caps))}: edge budget"
    return "no budget is set: edge budget set"


def unpriced(*, is_here: bool) -> str:
    """Nobody said what it costs: on this machine nothing, elsewhere no cap could hold it."""
    if is_here:
        return "it is on this machine and has no price, so it counts as free"
    return (
        "its price is not known, so nothing is sent before you write it down: per_million_in, "
        "per_million_out and currency in config.toml"
    )


def turn_off() -> str:
    """How to be rid of it."""
    return "to turn it off: edge cloud logout, or EDGE_CLOUD=off for one command"


def offline_wins() -> str:
    """A setting keeps it off all the same."""
    return "! offline = true is set, so nothing is sent until it is false"


def variable_sets_mode(mode: str) -> str:
    """EDGE_CLOUD beats the file."""
    return f"! EDGE_CLOUD={mode} is set, and wins over config.toml"


# After logout.


def logged_out(off: bool, places: Sequence[str]) -> str:
    """The mode, and where the key was."""
    forgotten = f"the key is forgotten ({', '.join(places)})" if places else "no key was kept"
    return f"the cloud is {'off' if off else 'on, with another provider'}; {forgotten}"


def still_set(variable: str) -> str:
    """A variable is not ours to take away."""
    return f"! {variable} is still set in this shell"


# What `test` found.


def answered(host: str, model: str, usage: Usage) -> str:
    """The cloud answered."""
    cost = f", for {usage.cost}" if usage.cost and usage.cost.amount else ""
    return f"{model} at {host} answers: first word after {show_duration(usage.ttft_s)}{cost}"


# Status, models and prices.


def mode(which: CloudMode, origin: str) -> str:
    """The mode and who set it."""
    means = {
        CloudMode.OFF: "off: nothing is sent",
        CloudMode.ASK: "ask: you are asked before anything is sent",
        CloudMode.AUTO: "auto: what the policy says is sent",
    }[which]
    return means if origin == "default" else f"{means} ({origin})"


def key(origin: str, ending: str) -> str:
    """Where a key comes from and how it ends."""
    return f"…{ending} from {origin}" if ending else f"from {origin}"


def nothing_kept(variable: str) -> str:
    """No key anywhere."""
    return f"none: edge cloud login, or export {variable}=…"


def cap(which: Cap) -> str:
    """One cap."""
    return f"{which.limit} {_SCOPES[which.scope]}"


def no_caps() -> str:
    """Nothing holds the spending."""
    return "none: edge budget set"


def usual() -> str:
    """The model that is asked."""
    return "usual"


def long() -> str:
    """The model for long prompts."""
    return "long prompts"


def old_prices(days: int) -> str:
    """What the mark means."""
    return (
        f"! older than {days} days: look at the provider's page; "
        "a file clouds.toml beside config.toml replaces them"
    )


def price_unit() -> str:
    """What the figures count."""
    return "per million tokens; a request is billed whole at the tier of its input's length"


def not_known() -> str:
    """A model nobody published a price for."""
    return "not known"
