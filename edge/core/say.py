"""The interface's texts in the user's language; English where nothing else was chosen (pure).

Each text is written once, in English, where it is said; its translations stand in
`edge/languages`. Which language is spoken is a fact of the process, as its locale is.
"""

from __future__ import annotations

from gettext import NullTranslations

ENGLISH = NullTranslations()


class _Speech:
    """What is spoken now; replaced as a whole, so any thread may read it."""

    language: NullTranslations = ENGLISH


def speak(language: NullTranslations) -> None:
    """Say everything in this language from now on."""
    _Speech.language = language


def spoken() -> str:
    """The name of the language that is spoken, as its catalog has it."""
    return _Speech.language.info().get("language", "en")


def say(text: str, /, **values: object) -> str:
    """A text with its values put in. `text` is a literal: catalogs are made from the source.

    >>> say("{n} of {total} tokens", n=3, total=4)
    '3 of 4 tokens'
    """
    told = _Speech.language.gettext(text)
    return told.format(**values) if values else told


def say_n(one: str, many: str, n: int, /, **values: object) -> str:
    """The same of a number of things, `n`, which both texts may name.

    >>> say_n("{n} turn", "{n} turns", 1)
    '1 turn'
    """
    return _Speech.language.ngettext(one, many, n).format(n=n, **values)


def noted(text: str, /) -> str:
    """A text that stands in a table; it is said by `say_noted`, once a language is chosen."""
    return text


def say_noted(text: str, /, **values: object) -> str:
    """A text that stands as a literal elsewhere: noted in a table, or as a command's help."""
    told = _Speech.language.gettext(text) if text else text
    return told.format(**values) if values else told
