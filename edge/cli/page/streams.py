"""What a stream can show."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from typing import TextIO

from edge.cli.page.theme import Theme, theme


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a stream is there and a person may look at it."""
    return stream is not None and not stream.closed and stream.isatty()


def moves(stream: TextIO | None, environ: Mapping[str, str]) -> bool:
    """Whether a line that was shown can be shown anew."""
    return is_terminal(stream) and environ.get("TERM") != "dumb"


def colourless(environ: Mapping[str, str]) -> str:
    """The variable by which a terminal gets no colours; empty where it gets them."""
    if environ.get("NO_COLOR"):
        return "NO_COLOR"
    return "TERM" if environ.get("TERM") in ("dumb", None) and os.name != "nt" else ""


def theme_of(stream: TextIO | None, environ: Mapping[str, str]) -> Theme:
    """The styles a terminal behind this stream can show, and its user wants to see."""
    encoding = (getattr(stream, "encoding", None) or "utf-8").lower()
    return theme(colours=not colourless(environ), unicode=encoding.startswith("utf"))


def forgiving(stream: TextIO | None) -> TextIO | None:
    """The stream, set to spell out what its encoding lacks instead of failing."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
    return stream
