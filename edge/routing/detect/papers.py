"""Passports, travel permits and the identity cards of Hong Kong and Taiwan: letters with digits."""

from __future__ import annotations

import re
from collections.abc import Iterator

from edge.routing.detect.context import Words
from edge.routing.detect.finding import Finding
from edge.routing.detect.reading import Reading


def find_papers(reading: Reading) -> Iterator[Finding]:
    """Documents by their form where it is rare, by form and the words around where it is not."""
    if not reading.numbers.row:
        return
    for kind, pattern in (("passport", _CN_PASSPORT), ("permit", _HK_IDENTITY)):
        for found in pattern.finditer(reading.text):
            yield reading.finding(kind, *found.span())
    for kind, words in (("passport", _PASSPORT_WORDS), ("permit", _PERMIT_WORDS)):
        if words.stand_in(reading.low):
            yield from _said(reading, kind, words)


def _said(reading: Reading, kind: str, words: Words) -> Iterator[Finding]:
    """Whatever looks like the number of a document next to the name of one."""
    for found in _ANY_NUMBER.finditer(reading.text):
        if _DATE.fullmatch(found[0]) is None and reading.said_near(words, *found.span()):
            yield reading.finding(kind, *found.span())


_GAP = r"[\s\-./_]{0,2}"

# Ordinary passports: G and E with eight digits, and since 2017 E, a letter and seven.
# No dash before it: the groups of a UUID have the same form.
_CN_PASSPORT = re.compile(
    rf"[EG](?<![0-9A-Za-z\-].)(?:(?:{_GAP}[0-9]){{8}}|(?<=E){_GAP}[A-HJ-NP-Z](?:{_GAP}[0-9]){{7}})"
    r"(?![0-9A-Za-z])"
)
# Hong Kong writes the check character in parentheses: A123456(3).
_HK_IDENTITY = re.compile(r"(?<![0-9A-Za-z\-])[A-Z]{1,2}[0-9]{6} ?\([0-9A]\)")

# Diplomatic D, service S, public affairs P, Hong Kong H and K, Macau M, other countries';
# permits C and W (to Hong Kong), L and T (to Taiwan), H and M (to the mainland), or digits alone.
_ANY_NUMBER = re.compile(
    rf"(?<![0-9A-Za-z])(?:[A-Za-z]{_GAP}){{0,3}}[0-9](?:{_GAP}[0-9]){{5,10}}[A-Za-z]?(?![0-9A-Za-z])"
)
_DATE = re.compile(r"(?:19|20)[0-9]{2}[-./]?[01]?[0-9][-./]?[0-3]?[0-9]")
_PASSPORT_WORDS = Words("护照", "護照", "passport")
_PERMIT_WORDS = Words(
    *("通行证", "通行證", "回乡证", "回鄉證", "台胞证", "臺胞證", "港澳证", "居住证", "居留证"),
    *("军官证", "士兵证", "驾驶证", "驾照", "证件号", "證件號", "hkid"),
    *("travel permit", "residence permit", "home return", "entry permit", "identity card"),
    *("id card", "driving licence", "driver's license", "driver license"),
)
