"""What is said of texts that go along with a prompt: files, standard input, schemas."""

from __future__ import annotations

from collections.abc import Sequence

from edge.core.errors import ContextFull, UsageError
from edge.core.say import say, say_n
from edge.core.units import show_bytes


def standard_input() -> str:
    """The name of what is piped in."""
    return say("standard input")


def the_prompt() -> str:
    """The name of a prompt, told of as a file is."""
    return say("the prompt")


def size(name: str, tokens: int, n_ctx: int, *, exact: bool) -> str:
    """How much of the context a file takes, before it is sent."""
    values = {"name": name, "tokens": tokens, "percent": round(tokens * 100 / n_ctx)}
    if exact:
        return say("{name}: {tokens:,} tokens, {percent} % of the context", **values)
    return say("{name}: about {tokens:,} tokens, {percent} % of the context", **values)


def how_to_ask() -> str:
    """What to type where files go along with nothing that is asked."""
    return say('edge ask --file PATH "a question", or with -t summarise')


def goes_along() -> str:
    """Answers /file PATH, below its size."""
    return say("it goes along with the next prompt")


def taken_along(names: Sequence[str]) -> str:
    """Answers /file alone: what the next prompt takes along."""
    if not names:
        return say("no file goes along; /file PATH takes one")
    return say("the next prompt takes along: {names}", names=", ".join(names))


def too_large(name: str, tokens: int, left_tokens: int, beginning: str) -> ContextFull:
    """A file that does not fit; about so much of its `beginning` would."""
    told = say("{name} is about {tokens:,} tokens", name=name, tokens=tokens)
    if not beginning:
        return ContextFull(
            say("{told}; the rest of the prompt leaves no room for it", told=told),
            hint=say("a shorter prompt, or a larger --ctx"),
        )
    fits = say_n(
        "the first {chars:,} characters ({n:,} line)",
        "the first {chars:,} characters ({n:,} lines)",
        max(1, beginning.count("\n")),
        chars=len(beginning),
    )
    n_bytes = len(beginning.encode())
    room = say("{left:,} fit: about {fits}", left=left_tokens, fits=fits)
    return ContextFull(
        say("; ").join([told, room]),
        hint=say("{part}, or a larger --ctx", part=_made(name, f"head -c {n_bytes} FILE")),
    )


def more_than_a_context(name: str, limit_bytes: int) -> ContextFull:
    """More bytes than any context holds."""
    limit = show_bytes(limit_bytes)
    return ContextFull(
        say("{name} holds more than {limit}, and so more than a context", name=name, limit=limit),
        hint=_made(name, "head -c 10000 FILE"),
    )


def unreadable(name: str, why: str) -> UsageError:
    """A file that cannot be opened."""
    return UsageError(
        say("{name} cannot be read: {why}", name=name, why=why),
        hint=say("the path of a text file"),
    )


def empty(name: str) -> UsageError:
    """A file that says nothing."""
    return UsageError(say("{name} is empty", name=name), hint=say("the path of a text file"))


def holds_nul(name: str, position: int, line: int) -> UsageError:
    """Binary data."""
    return UsageError(
        say(
            "{name} is not text: a NUL byte at position {position} (line {line})",
            name=name,
            position=position,
            line=line,
        ),
        hint=say("send text; for a binary file describe it instead"),
    )


def not_utf8(name: str, byte: int, position: int, line: int) -> UsageError:
    """Bytes that are no text of ours."""
    return UsageError(
        say(
            "{name} is not UTF-8 text: byte 0x{byte:02x} at position {position} (line {line})",
            name=name,
            byte=byte,
            position=position,
            line=line,
        ),
        hint=_made(name, "iconv -f latin1 -t utf-8 FILE"),
    )


def utf16(name: str) -> UsageError:
    """Text in an encoding that Windows writes."""
    return UsageError(
        say("{name} is UTF-16 text, and UTF-8 is needed", name=name),
        hint=_made(name, "iconv -f utf-16 -t utf-8 FILE"),
    )


def _made(name: str, command: str) -> str:
    """How to send what a command makes of a text, in the place of the text."""
    if name in (standard_input(), the_prompt()):
        return say("{command} | edge ask …", command=command)
    return say("{command} > NEW, and NEW in its place", command=command)


def of_schema(name: str, why: str) -> str:
    """What is wrong with a schema file."""
    return say("{name}: {why}", name=name, why=why)


def schema_needs_the_device() -> UsageError:
    """--cloud and --schema."""
    return UsageError(
        say("only the device holds a reply to a schema; the cloud is not asked"),
        hint=say("the same without --cloud"),
    )


def thoughts_and_schema(model: str) -> UsageError:
    """A model that cannot answer without thinking."""
    return UsageError(
        say("{model} always thinks first, and a schema leaves no room for it", model=model),
        hint=say("edge ask -m NAME, with another one of: edge models"),
    )


def cut_before_whole(why: str) -> str:
    """A reply that ended before its JSON did."""
    return say("the JSON is not whole: {why}", why=why)


def longer_replies() -> str:
    """The next thing to type after that."""
    return say("a larger --max-tokens or --ctx")


def kept_in(conversation_id: str) -> str:
    """What there is of the reply."""
    return say("what there is of it is kept in {id}", id=conversation_id)


def two_conversations() -> UsageError:
    """-c and --conversation."""
    return UsageError(
        say("-c goes on with the latest conversation and --conversation with another one"),
        hint=say("only one of -c and --conversation"),
    )
