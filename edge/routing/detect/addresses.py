"""Where somebody lives: Chinese addresses down to a number, and western ones with a street."""

from __future__ import annotations

import re
from collections.abc import Iterator

from edge.routing.detect.context import Words
from edge.routing.detect.finding import Finding
from edge.routing.detect.reading import Reading


def find_addresses(reading: Reading) -> Iterator[Finding]:
    """Addresses by their most telling part: a street with a house, a building with a flat."""
    for pattern in (_ZH_HOUSE, _ZH_FLAT) if not reading.text.isascii() else ():
        for found in pattern.finditer(reading.text):
            yield reading.finding("address", _zh_start(reading.text, found.start()), found.end())
    if not reading.numbers.row:
        return
    for pattern in _WESTERN:
        for found in pattern.finditer(reading.text):
            yield reading.finding("address", *found.span())
    for found in _LOW_STREET.finditer(reading.low) if _HOME.stand_in(reading.low) else ():
        if reading.said_near(_HOME, *found.span()):
            yield reading.finding("address", *found.span())


def _zh_start(text: str, at: int) -> int:
    """Where the province or city begins, or whatever stands without a stop before the street."""
    before = _ZH_BEFORE.search(text[max(0, at - _LONGEST_ZH) : at])
    return at - len(before[0]) if before else at


_ZH_BEFORE = re.compile(r"[\u4e00-\u9fff0-9A-Za-z ]+\Z")
_LONGEST_ZH = 30

_ZH = "零〇一二三四五六七八九十百幺"
_NUMBER = rf"(?:[0-9]{{1,5}}|[{_ZH}]{{1,6}})"
_GAP = r"[\s,.\-]{0,2}"
# A street or village with the number of a house. No 号线 (a metro line), 号机 (an aircraft) …
_ZH_HOUSE = re.compile(
    rf"[路街道巷弄同村里组坊]{_GAP}{_NUMBER}(?:{_GAP}[-之附]{_GAP}{_NUMBER})?"
    rf"{_GAP}[号號弄](?!线|線|机|機|种|文|选手|位|球|车|台|考)"
)
# A building with the number of a flat: 3号楼501, 5栋2单元1203室, A座1203.
_ZH_FLAT = re.compile(
    rf"(?:号楼|號樓|[栋幢座棟](?<=[0-9A-Za-z{_ZH}].)|单元(?<=[0-9A-Za-z{_ZH}]..)){_GAP}"
    rf"(?:{_NUMBER}{_GAP}(?:单元|单|門|门|层|楼){_GAP})?"
    r"(?:[0-9]{3,5}(?!\s?[年月日元个人分秒%.0-9A-Za-z])"
    rf"|[0-9{_ZH}]{{1,6}}\s?[室房户号])"
)

_KINDS = (
    "Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Square|Sq|Place|Pl"
    "|Way|Terrace|Ter|Highway|Hwy|Parkway|Pkwy|Close|Crescent|Circle|Cir|Gardens|Mews|Row|Hill|Quay"
)
_HOUSE = r"[0-9](?<![0-9A-Za-z.].)(?<![0-9][,:/].)[0-9]{0,4}"
_WESTERN = (
    # 221B Baker Street; 10 St. James's Square; 350 W 42nd St
    re.compile(
        rf"{_HOUSE}[A-Za-z]?,?\s+(?:[NSEW]\.?\s+)?"
        rf"(?:(?:[A-Z][\w'’]{{0,30}}\.?|[0-9]{{1,3}}(?:st|nd|rd|th))\s+){{1,3}}(?:{_KINDS})\b"
    ),
    # Springfield, IL 62704
    re.compile(r"[A-Z][a-z]{1,30},\s+[A-Z]{2}\s+[0-9]{5}(?:-[0-9]{4})?(?![0-9A-Za-z])"),
    # P.O. Box 1234
    re.compile(r"[Pp](?<![A-Za-z].)\.?\s?[Oo]\.?\s?[Bb][Oo][Xx]\s+[0-9]{1,6}"),
    # Hauptstraße 12; Lindenallee 3a
    re.compile(
        r"(?:stra(?:ß|ss)e|str\.|gasse|platz|allee)(?<=[a-zäöüß]{4})\s+[0-9]{1,4}\s?[a-z]?(?![0-9A-Za-z])"
    ),
    # 12 rue de Rivoli; 5 bis, avenue des Ternes
    re.compile(
        rf"{_HOUSE}(?:\s(?:bis|ter))?,?\s+(?:rue|avenue|boulevard|place|allée|quai|chemin)"
        r"\s+(?:de|du|des|la|le|d['’])"
    ),
)
# Without capitals a street is found where the words say that somebody lives there.
_LOW_STREET = re.compile(rf"{_HOUSE}[a-z]?\s+(?:[a-z'.]{{1,30}}\s+){{1,3}}(?:{_KINDS.lower()})\b")
_HOME = Words(
    *("address", "live at", "lives at", "living at", "reside", "my home", "ship", "deliver"),
    *("mail to", "send it to"),
)
