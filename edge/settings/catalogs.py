"""The catalogs of translated texts, as they lie beside the package."""

from __future__ import annotations

from gettext import NullTranslations, translation
from pathlib import Path

from edge.core.say import ENGLISH, speak

CATALOGS = Path(__file__).parents[1] / "languages"
DOMAIN = "edge"
VARIABLE = "EDGE_LANG"


def catalog(language: str) -> NullTranslations:
    """The texts of a language; English ones where there is no catalog."""
    if language == "en":
        return ENGLISH
    return translation(DOMAIN, CATALOGS, [language], fallback=True)


class Later(NullTranslations):
    """A language whose catalog is read with the first text; for a process that seldom speaks."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self._language = language

    def gettext(self, message: str) -> str:
        """The text in that language, which is spoken without this one from now on."""
        return self._found().gettext(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """The same of a number of things."""
        return self._found().ngettext(msgid1, msgid2, n)

    def _found(self) -> NullTranslations:
        found = catalog(self._language)
        speak(found)
        return found
