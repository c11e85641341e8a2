"""What to type next where something failed in a chat: words of the chat before those of a shell."""

from __future__ import annotations

from edge.core.errors import EdgeError, PrivacyRefused, UnknownName, UsageError
from edge.core.say import say

_FOR_A_SHELL = "edge "  # what such a hint begins with
_A_NEW_CHAT = "edge chat"
_A_FLAG = "--"


def in_chat(error: EdgeError) -> str:
    """What was advised; words for a shell that do not show it are said to be that.

    >>> in_chat(EdgeError("the store is damaged", hint="edge log repair"))
    'edge log repair (in a shell)'
    """
    hint = error.hint
    if hint.startswith(_A_FLAG):
        return f"{_A_NEW_CHAT} {hint}"
    if not hint.startswith(_FOR_A_SHELL) or hint.startswith(_A_NEW_CHAT):
        return hint
    return say("{hint} (in a shell)", hint=hint)


def model(error: EdgeError) -> str:
    """Of /model."""
    return _named(error, "/model", "/model")


def retry(error: EdgeError) -> str:
    """Of the model /retry names."""
    return _named(error, "/retry", "/model")


def load(error: EdgeError) -> str:
    """Of /load."""
    return _named(error, "/load", "/load")


def _named(error: EdgeError, command: str, list_: str) -> str:
    """A name that is near, else what shows the names there are.

    >>> _named(UnknownName("no", hint="qwen3-8b, qwen3-4b"), "/retry", "/model")
    '/retry qwen3-8b, qwen3-4b'
    """
    if not isinstance(error, UnknownName):
        return error.hint
    return list_ if error.hint.startswith(_FOR_A_SHELL) else f"{command} {error.hint}"


def search(error: EdgeError) -> str:
    """Of /search."""
    return "/search WORDS" if isinstance(error, UsageError) else error.hint


def export(error: EdgeError) -> str:
    """Of the file /export writes."""
    return say("/export with another PATH") if isinstance(error, UsageError) else error.hint


def edit(error: EdgeError) -> str:
    """Of the editor /edit opens, which is chosen before a chat begins."""
    if not isinstance(error, UsageError):
        return error.hint
    return say("another EDITOR before edge chat, or none: then it is changed in the prompt line")


def cloud(error: EdgeError) -> str:
    """Of /cloud and /public, where a guard kept the text here."""
    refused = isinstance(error, PrivacyRefused) and error.hint.startswith(_FOR_A_SHELL)
    return "/why" if refused else error.hint


def takes_nothing(name: str) -> str:
    """A command that is followed by words it has no use for."""
    return say("{name} takes no words behind it", name=name)
