"""What Chinese registers number: companies (unified social credit code) and vehicles."""

from __future__ import annotations

import re
from collections.abc import Iterator

from edge.routing.detect.context import Words
from edge.routing.detect.finding import Finding
from edge.routing.detect.reading import Reading


def find_registered(reading: Reading) -> Iterator[Finding]:
    """Unified social credit codes and number plates."""
    for found in _CODE.finditer(reading.text):
        if _is_credit_code(_BETWEEN.sub("", found[0]).upper()):
            yield reading.finding("credit_code", *found.span())
    for found in _PLATE.finditer(reading.text):
        if _is_plate(found[0]) or reading.said_near(_PLATE_WORDS, *found.span()):
            yield reading.finding("plate", *found.span())


_GAP = r"[\s\-./_]{0,3}"
_BETWEEN = re.compile(r"[\s\-./_]+")
# GB 32100: registering authority and kind, six digits of the region, nine of the
# organisation, one check character; no I, O, S, V, Z.
_CODE = re.compile(
    rf"(?<![0-9A-Za-z])[1-9]{_GAP}[1-9](?:{_GAP}[0-9]){{6}}"
    rf"(?:{_GAP}[0-9A-HJ-NP-RTUWXYa-hj-np-rtuwxy]){{10}}(?![0-9A-Za-z])"
)
_KIND = re.compile("1[1239]|2[19]|3[1-59]|4[19]|5[1239]|6[129]|7[129]|8[19]|9[123]")


def _is_credit_code(code: str) -> bool:
    """Whether authority, region and check (GB 32100, modulo 31) are right.

    A code of digits alone has the form of an order number, and three in a hundred
    pass the check; the region takes that down to one in ten thousand.
    """
    from stdnum.cn import uscc

    return (
        _KIND.match(code) is not None
        and bool(uscc.is_valid(code))
        and (not code.isdigit() or _is_region(code[2:8]))
    )


def _is_region(digits: str) -> bool:
    from stdnum import numdb

    if digits == "100000":  # the state itself
        return True
    return any("county" in found for _, found in numdb.get("cn/loc").info(digits))


_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
# GA 36: a letter, then five characters, or six for cars of new energy; no I and no O.
_ANY = "0-9A-HJ-NP-Za-hj-np-z"
_DOT = r"[ .\-]?"
_NEW_ENERGY = rf"[DFdf]{_DOT}[{_ANY}](?:{_DOT}[0-9]){{4}}|[0-9](?:{_DOT}[0-9]){{4}}{_DOT}[DFdf]"
_FIVE = rf"[{_ANY}](?:{_DOT}[{_ANY}]){{3}}{_DOT}[{_ANY}挂学警港澳]"
_PLATE = re.compile(
    rf"[{_PROVINCES}] ?[A-HJ-NP-Za-hj-np-z][ .\-]{{0,3}}(?:{_NEW_ENERGY}|{_FIVE})(?![0-9A-Za-z])"
)
_PLATE_WORDS = Words("车牌", "車牌", "牌照", "号牌", "plate")
_MOST_LETTERS = 2  # among the last five; with more it is a word: "新macbook"


def _is_plate(text: str) -> bool:
    tail = [c for c in text[1:] if c.isascii() and c.isalnum()][1:]
    letters = sum(c.isalpha() for c in tail)
    return text == text.upper() and letters <= _MOST_LETTERS
