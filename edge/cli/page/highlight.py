"""Colours for code, line by line, with what a line leaves open carried to the next.

A lexer of pygments is given one line at a time, and its stack of states is kept: so a
line costs what it is long, however long the block is.
"""

from __future__ import annotations

from collections.abc import Iterator

from pygments.lexer import ExtendedRegexLexer, Lexer, LexerContext, RegexLexer
from pygments.lexers import get_lexer_by_name
from pygments.token import Token, _TokenType
from pygments.util import ClassNotFound

from edge.cli.page.theme import Style

_LONGEST_LINE = 1000  # beyond, a hostile line would take a lexer long
_STYLES = {
    Token.Keyword: Style.KEYWORD,
    Token.Operator.Word: Style.KEYWORD,
    Token.Name.Builtin: Style.NAME,
    Token.Name.Function: Style.NAME,
    Token.Name.Class: Style.NAME,
    Token.Name.Tag: Style.NAME,
    Token.Name.Decorator: Style.NAME,
    Token.Literal.String: Style.STRING,
    Token.Literal.Number: Style.NUMBER,
    Token.Comment: Style.FAINT,
    Token.Generic.Inserted: Style.ADDED,
    Token.Generic.Deleted: Style.REMOVED,
    Token.Generic.Subheading: Style.KEYWORD,
    Token.Generic.Heading: Style.BOLD,
}
Piece = tuple[str, Style]


class Highlighter:
    """The colours of one block of code."""

    def __init__(self, language: str) -> None:
        self._lexer = _lexer(language)
        self._stack = ["root"]

    def so_far(self, line: str) -> list[Piece]:
        """The pieces of a line that is not over yet."""
        return self._pieces(line, list(self._stack))

    def whole(self, line: str) -> list[Piece]:
        """The pieces of a line that is over; the next one goes on from here."""
        stack = list(self._stack)
        pieces = self._pieces(line, stack)
        self._stack = stack
        return pieces

    def _pieces(self, line: str, stack: list[str]) -> list[Piece]:
        if self._lexer is None or len(line) > _LONGEST_LINE:
            return [(line, Style.CODE)]
        try:
            pieces = [(text, _style(kind)) for kind, text in _read(self._lexer, line, stack)]
        except (TypeError, AttributeError, KeyError, IndexError, ValueError):
            # A lexer with a way of its own: it may need a context only it can make.
            stack[:] = ["root"]
            return [(line, Style.PLAIN)]
        if "".join(text for text, _ in pieces).rstrip("\n") != line.rstrip("\n"):
            return [(line, Style.PLAIN)]
        return pieces


def _read(lexer: Lexer, line: str, stack: list[str]) -> Iterator[tuple[_TokenType, str]]:
    """The tokens of a line; `stack` is left as the line leaves it."""
    # Rules look for the end of a line, so it is there also while the line is written.
    if isinstance(lexer, RegexLexer) and not isinstance(lexer, ExtendedRegexLexer):
        context = LexerContext(f"{line}\n", 0, stack=stack)
        found = ExtendedRegexLexer.get_tokens_unprocessed(lexer, context=context)
    else:
        found = lexer.get_tokens_unprocessed(f"{line}\n")
    for _, kind, text in found:
        if text := text.rstrip("\n"):
            yield kind, text


def _style(kind: _TokenType | None) -> Style:
    while kind is not None:
        if kind in _STYLES:
            return _STYLES[kind]
        kind = kind.parent
    return Style.PLAIN


def _lexer(language: str) -> Lexer | None:
    try:
        return get_lexer_by_name(language) if language else None
    except ClassNotFound:
        return None
