"""E-mail addresses, also those written for people and not for machines."""

from __future__ import annotations

import re
from collections.abc import Iterator

from edge.routing.detect.context import Words
from edge.routing.detect.finding import Finding
from edge.routing.detect.reading import Reading


def find_mail(reading: Reading) -> Iterator[Finding]:
    """name@host.com, name @ host . com, name (at) host (dot) com, name at gmail.com."""
    low = reading.low
    for pattern in _patterns(low):
        for found in pattern.finditer(low):
            start = _name_start(low, found.start(1))
            if low[start : found.start(1) + 1] != "git":  # git@host: a repository, nobody's box
                yield reading.finding("email", start, found.end())


def _patterns(low: str) -> Iterator[re.Pattern[str]]:
    """The patterns that can match at all; most texts have none of the signs."""
    if "@" in low:
        yield _PLAIN
    if _SIGN.search(low):
        yield _SPACED
    if "at" in low or "@" in low or "艾特" in low:
        if "dot" in low or "点" in low:
            yield _SPELLED
        if _HOSTS.stand_in(low):
            yield _KNOWN_HOST


def _name_start(low: str, at: int) -> int:
    """Where the name begins whose last character stands here; RFC 5321 allows 64."""
    found = _NAME.search(low[max(0, at - 63) : at + 1])
    return at + 1 - len(found[0]) if found else at


# The patterns begin at the last character of the name: a search that began with the
# name would try every word of the text, and every end of it.
_NAME = re.compile(r"[\w.%+'\-]+\Z")
_LAST = r"([\w%+\-])"
_LABEL = r"[\w](?:[\w\-]{0,61}[\w])?"
_PLAIN = re.compile(rf"{_LAST}@(?![0-9]+\.[0-9]+\.)(?:{_LABEL}\.)+(?:[a-z]{{2,24}}|中国|公司|网络)")

_TOP = (
    r"(?:com|net|org|edu|gov|cn|io|me|info|co|uk|de|fr|eu|jp|kr|hk|tw|us|ca|au|in|ru|it|es|nl|ch|at|se"
    r"|no|fi|dk|pl|be|sg|xyz|app|dev|ai)(?![a-z0-9])"
)
_SIGN = re.compile(r"\s@|@\s|[\[({<]\s?(?:at|@|a)\s?[\])}>]|艾特")
_AT_SIGN = r"(?:\s{0,2}@\s{0,2}|\s{0,2}[\[({<]\s?(?:at|@|a)\s?[\])}>]\s{0,2}|\s?艾特\s?)"
_DOT_SIGN = r"(?:\s{0,2}[\[({<]\s?(?:dot|\.|点)\s?[\])}>]\s{0,2}|\s?点\s?|\sdot\s)"
_AT = rf"(?:{_AT_SIGN}|\sat\s)"
_DOT = rf"(?:{_DOT_SIGN}|\s{{0,2}}\.\s{{0,2}})"
# An @ that is spaced, in brackets or spelled; or "at" with "dot": "look at example.com" is
# neither, unless it is a host where people have their boxes.
_SPACED = re.compile(rf"{_LAST}{_AT_SIGN}(?:{_LABEL}{_DOT}){{1,4}}{_TOP}")
_SPELLED = re.compile(rf"{_LAST}{_AT}(?:{_LABEL}{_DOT_SIGN}){{1,4}}{_TOP}")
_HOSTS = Words(
    *(
        "gmail",
        "googlemail",
        "outlook",
        "hotmail",
        "yahoo",
        "icloud",
        "proton",
        "protonmail",
        "aol",
    ),
    *("qq", "163", "126", "139", "189", "foxmail", "sina", "sohu", "yeah", "aliyun", "gmx"),
)
_KNOWN_HOST = re.compile(rf"{_LAST}{_AT}{_HOSTS.pattern}{_DOT}{_TOP}")
