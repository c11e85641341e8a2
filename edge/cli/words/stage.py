"""What stands around the prompt line of a chat."""

from __future__ import annotations

from edge.core.say import say, say_n


def pasted(n_lines: int, n_chars: int) -> str:
    """Stands for a long paste.

    >>> pasted(12345, 99999), pasted(1, 5000)
    ('[pasted 12,345 lines]', '[pasted 5,000 characters]')
    """
    if n_lines > 1:
        return say_n(
            "[pasted {lines} line]", "[pasted {lines} lines]", n_lines, lines=f"{n_lines:,}"
        )
    return say_n(
        "[pasted {chars} character]", "[pasted {chars} characters]", n_chars, chars=f"{n_chars:,}"
    )


def queued(prompt: str) -> str:
    """A prompt that is sent when the reply has ended."""
    return say("next: {prompt}", prompt=prompt)


def leaves_next() -> str:
    """Ctrl-D was pressed while a reply is written."""
    return say("next: leave")


def once_more() -> str:
    """Answers the first Ctrl-C at an empty prompt."""
    return say("Ctrl-C once more leaves, as Ctrl-D does")


def opening() -> str:
    """The bottom line until it is known what answers."""
    return say("opening the model; what you type waits for it")


def enter_queues() -> str:
    """What Enter does while a reply is written."""
    return say("Enter queues")


def draft_back() -> str:
    """What stands in the line was typed before, and not sent."""
    return say("your draft is back")


def it_was(prompt: str) -> str:
    """Above a line in which the old prompt cannot stand."""
    return say("it was: {prompt}", prompt=prompt)


def unsent(n: int) -> str:
    """Prompts that waited to be sent stand behind the line."""
    return say_n("Up brings back {n} unsent prompt", "Up brings back {n} unsent prompts", n)


def key_failed(kind: str) -> str:
    """What a key does failed with an error of that kind."""
    return say("that key failed ({kind})", kind=kind)
