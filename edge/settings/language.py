"""Which language the interface speaks: --lang > EDGE_LANG > `lang` > the locale > English.

It is chosen before a command is looked up, so that its help follows, too. A name
that is not known is refused where it was typed for this command; where it stands in
a variable or in the file, the settings refuse it when they are read, and say where.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, MutableMapping, Sequence

from edge.core.errors import UsageError
from edge.core.say import say, speak
from edge.settings.catalogs import VARIABLE, catalog
from edge.settings.config_file import read_config
from edge.settings.folders import Folders
from edge.settings.table import shown

FLAG = "--lang"
KNOWN = ("en", "zh_CN")
# As POSIX has it: the first that is set decides, also when it says no language at all.
_LOCALE = ("LC_ALL", "LC_MESSAGES", "LANG")


def language_of(name: str) -> str | None:
    """The language a locale's name, or a person, means; None for one edge does not speak.

    Every Chinese is written in the one script there is a catalog of.

    >>> language_of("zh_CN.UTF-8"), language_of("zh-Hans"), language_of("C.UTF-8")
    ('zh_CN', 'zh_CN', 'en')
    """
    tag = name.strip().replace("-", "_").partition(".")[0].partition("@")[0].lower()
    if tag in ("c", "posix"):
        return "en"
    return {"en": "en", "zh": "zh_CN"}.get(tag.partition("_")[0])


def without_lang(args: Sequence[str]) -> tuple[list[str], str | None]:
    """The words of a command line without --lang, and what it said; the last one counts.

    After "--" nothing is a flag. Raises UsageError for a --lang that is followed by nothing.

    >>> without_lang(["ask", "--lang", "zh_CN", "hello"])
    (['ask', 'hello'], 'zh_CN')
    """
    kept: list[str] = []
    said = None
    words = iter(args)
    for word in words:
        if word == "--":
            return [*kept, word, *words], said
        flag, is_joined, value = word.partition("=")
        if flag != FLAG:
            kept.append(word)
            continue
        said = value if is_joined else next(words, "")
        if not said:
            raise UsageError(
                say("{flag} is followed by a language", flag=FLAG), hint="--lang zh_CN"
            )
    return kept, said


def choose_language(
    said: str | None = None,
    environ: Mapping[str, str] = os.environ,
    folders: Folders | None = None,
) -> str:
    """The language in force, one of KNOWN; `said` is what --lang says.

    Raises UsageError for a --lang edge does not speak.
    """
    if said is not None:
        if found := language_of(said):
            return found
        raise UsageError(
            say(
                "{flag} is {said} and must be one of {known}",
                flag=FLAG,
                said=shown(said),
                known=", ".join(KNOWN),
            ),
            hint=f"{FLAG} {KNOWN[-1]}",
        )
    chosen = environ.get(VARIABLE) or _set_in_file(folders or Folders.find(environ))
    return language_of(chosen) or _of_locale(environ) if chosen else _of_locale(environ)


def speak_chosen(args: Sequence[str], environ: MutableMapping[str, str] = os.environ) -> list[str]:
    """Speak what a command line and its surroundings ask for; returns its other words.

    Raises UsageError, said in the language of the surroundings, for a --lang that
    cannot be followed.
    """
    speak(catalog(choose_language(None, environ)))
    kept, said = without_lang(args)
    if said is not None:
        # The environment, because processes that are started from here should know too.
        environ[VARIABLE] = choose_language(said, environ)
        speak(catalog(environ[VARIABLE]))
    return kept


def _set_in_file(folders: Folders) -> str:
    """What config.toml says; nothing where it cannot be read: whoever needs it says so."""
    try:
        found = read_config(folders.config_file).get("lang", "")
    except UsageError:
        return ""
    return found if isinstance(found, str) else ""


def _of_locale(environ: Mapping[str, str]) -> str:
    decides = next((environ[name] for name in _LOCALE if environ.get(name)), "")
    return language_of(decides) or "en"
