"""What the help says of the commands together: their groups, first examples, and exit codes."""

from __future__ import annotations

from collections.abc import Sequence

from edge.core.say import say


def groups() -> Sequence[tuple[str, tuple[str, ...]]]:
    """The commands under their headings, in the order of the help."""
    return (
        (say("Talk"), ("chat", "ask", "log", "prompt")),
        (say("Models on this machine"), ("models", "pull", "import", "verify", "rm")),
        (say("The cloud, where you allow it"), ("cloud", "policy", "budget", "sent", "why")),
        (say("Look after edge"), ("doctor", "bench", "demo", "completion", "help")),
    )


def other_commands() -> str:
    """The heading of those that are in no group."""
    return say("Other commands")


def examples() -> str:
    """The heading of the examples."""
    return say("Examples")


def first_examples() -> Sequence[tuple[str, str]]:
    """What to begin with: a line to type, and what it is for."""
    return (
        ("edge chat", say("talk; the model is fetched if it must be")),
        ("edge chat -c", say("go on where you left")),
        ("edge ask 'Why is the sky blue?'", say("one prompt, one reply")),
        ("git diff | edge ask -t commit", say("in a pipe, with a prompt that is kept")),
        ("edge log search copper kettle", say("find what was said")),
        ("edge doctor", say("what works here, and what to do where not")),
    )


def more() -> str:
    """Under the examples."""
    return say("More: edge COMMAND --help, edge help exit-codes, edge completion SHELL")


def exit_codes() -> Sequence[tuple[int, str]]:
    """Every exit code with what it means; scripts may test them."""
    return (
        (0, say("done")),
        (1, say("a bug; or a check that found something wrong")),
        (2, say("the words or settings given cannot be used")),
        (3, say("nothing was found: edge log search")),
        (10, say("a source could not be reached or answered nonsense")),
        (11, say("bytes are not the ones the catalog names")),
        (12, say("no room on the disk")),
        (13, say("another process holds what is needed")),
        (20, say("the file is not a sound model")),
        (21, say("a sound model of a kind edge does not run")),
        (22, say("more memory needed than is free")),
        (23, say("the engine's process ended, also after a restart")),
        (24, say("the prompt alone exceeds the context")),
        (25, say("the reply is cut, or is not what was asked for")),
        (30, say("private text was asked to leave, and did not")),
        (31, say("a cap would have been exceeded; nothing was sent")),
        (32, say("the cloud takes no key of ours")),
        (33, say("the cloud was not reached, or does not answer now")),
        (34, say("the cloud's answer broke off")),
        (40, say("the conversation store cannot be read")),
        (129, say("the terminal was closed; what was shown is kept")),
        (130, say("stopped with Ctrl-C; what was shown is kept")),
        (141, say("the program that read the output left")),
        (143, say("ended by a signal; what was shown is kept")),
    )


def no_topic(name: str) -> str:
    """There is no help of that name."""
    return say("there is no help on {name}", name=repr(name))


def cannot_complete(shell: str) -> str:
    """There is no completion for that shell."""
    return say("there is no completion for {shell}", shell=repr(shell))


def which_shell() -> str:
    """Which shell is meant cannot be told."""
    return say("which shell is yours cannot be told")
