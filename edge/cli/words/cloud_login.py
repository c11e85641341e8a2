"""What `edge cloud login` says and asks, and what is wrong with what it was given."""

from __future__ import annotations

from collections.abc import Sequence

from edge.cli.words.cloud import cap, label
from edge.core.cloud import Cap, CloudMode
from edge.core.message import Label
from edge.core.say import say

# What is wrong.


def key_on_the_command_line() -> str:
    """A key was typed as a word of the command."""
    return say(
        "a key is not taken on the command line, where every user of this machine can read it"
    )


def how_to_give_a_key() -> str:
    """The next thing to type."""
    return say('edge cloud login, which asks for it; or: printf %s "$KEY" | edge cloud login')


def make_a_new_key() -> str:
    """A key that was typed in the open is not secret any more."""
    return say("make a new key, as this one was seen; then {how}", how=how_to_give_a_key())


def one_provider(count: int) -> str:
    """More words than a provider's name."""
    return say("login takes one provider, and {count} words were given", count=count)


def needs_an_address(provider: str) -> str:
    """A provider of the user's own that nothing is known of."""
    return say("nothing is known of a provider {provider!r}", provider=provider)


def how_to_give_an_address(provider: str) -> str:
    """The next thing to type."""
    return f"edge cloud login {provider} --base-url https://HOST/v1 --model NAME"


def region_or_address(provider: str) -> str:
    """--region for a provider of the user's own."""
    return say(
        "--region and --workspace are for Model Studio, and {provider!r} has an address",
        provider=provider,
    )


def no_key() -> str:
    """Nothing was typed or piped, and nothing is kept."""
    return say("there is no key")


def terminal_shows_keys() -> str:
    """The echo of the terminal cannot be turned off."""
    return say("this terminal would show the key while it is typed")


def no_key_store() -> str:
    """Neither a key store, nor leave to write a file."""
    return say("this system has no key store that keeps a key")


def how_to_keep_in_file(variable: str) -> str:
    """The next thing to type."""
    return say(
        "the same with --yes, which keeps it in a file that is yours alone; or export {variable}=…",
        variable=variable,
    )


def key_not_kept() -> str:
    """The answer was no."""
    return say("the key is not kept, and nothing was changed")


# Questions.


def ask_key(provider: str) -> str:
    """The key, typed unseen."""
    return say("Key for {provider} (it is not shown): ", provider=provider)


def ask_file(path: str) -> str:
    """No key store is here; a file instead?"""
    return say("No key store is here. Keep the key in {path}, readable by you alone?", path=path)


def ask_new() -> str:
    """How new conversations begin."""
    return say(
        "How do new conversations start? A private one never leaves this machine; of a public "
        "one the policy may send what no detector finds private"
    )


def ask_mode() -> str:
    """Whether each send is asked about."""
    return say("When the policy wants to send something: ask you each time, or send it (auto)?")


def answer_with(options: Sequence[str]) -> str:
    """None of the answers there are."""
    return say("answer {options}", options=say(" or ").join(options))


# After login.


def logged_in(mode: CloudMode, model: str, host: str) -> str:
    """What is on now."""
    return say("the cloud is on, mode {mode}: {model} at {host}", mode=mode, model=model, host=host)


def key_is_in(origin: str) -> str:
    """Where the key is kept."""
    return say("the key is in {origin}", origin=origin)


def key_from_variable(variable: str) -> str:
    """A key of the environment is not copied."""
    return say("the key is the one in {variable}, and is not kept anywhere else", variable=variable)


def without_key() -> str:
    """An endpoint of this machine needs none."""
    return say("no key is sent to it")


def variable_wins(variable: str) -> str:
    """Another key is going to be used."""
    return say("! {variable} is set, and wins over the key that is kept", variable=variable)


def conversations(new: Label) -> str:
    """What is private and what is not."""
    return say(
        "new conversations start {label}; those you have stay private; detectors find most "
        "personal data, not all: edge chat --private where it matters",
        label=label(new),
    )


def spending(caps: Sequence[Cap]) -> str:
    """What can be spent at most."""
    if caps:
        held = say(", ").join(map(cap, caps))
        return say("it may cost at most {caps}: edge budget", caps=held)
    return say("no budget is set: edge budget set")


def unpriced(*, is_here: bool) -> str:
    """Nobody said what it costs: on this machine nothing, elsewhere no cap could hold it."""
    if is_here:
        return say("it is on this machine and has no price, so it counts as free")
    return say(
        "its price is not known, so nothing is sent before you write it down: per_million_in, "
        "per_million_out and currency in config.toml"
    )


def offline_wins() -> str:
    """A setting keeps it off all the same."""
    return say("! offline = true is set, so nothing is sent until it is false")


def variable_sets_mode(mode: str) -> str:
    """EDGE_CLOUD beats the file."""
    return say("! EDGE_CLOUD={mode} is set, and wins over config.toml", mode=mode)
