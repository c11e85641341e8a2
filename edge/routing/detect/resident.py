"""Chinese resident identity numbers: eighteen characters with a check, or the old fifteen."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator

from edge.routing.detect.context import Words
from edge.routing.detect.finding import Finding
from edge.routing.detect.numbers import Written
from edge.routing.detect.reading import Reading


def find_resident_ids(reading: Reading) -> Iterator[Finding]:
    """The identity cards of residents, and the residence permits numbered like them.

    A number of 18 counts with a province, a calendar date and its check character
    (GB 11643: ISO 7064 MOD 11-2), or with a wrong one where the words around it say
    what it is meant to be. One of 15 has no check: its county must be known.
    """
    for number in reading.numbers.like(_EIGHTEEN):
        if _is_date(number.digits[6:14]) and (_checks(number.digits) or _is_said(reading, number)):
            yield reading.finding("resident_id", number.start, number.end)
    for number in reading.numbers.like(_FIFTEEN):
        if _is_date("19" + number.digits[6:12]) and (
            (number.alone and _is_county(number.digits[:6])) or _is_said(reading, number)
        ):
            yield reading.finding("resident_id", number.start, number.end)


# GB/T 2260: the provinces; 81 to 83 are also those of residence permits for Hong Kong,
# Macau and Taiwan. A 9 before the first digit of a province: a foreigner's permanent residence.
_PROVINCE = "(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]|9[1-8])"
_DAY = "(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"
_EIGHTEEN = re.compile(rf"(?=({_PROVINCE}[0-9]{{4}}(?:19|20)[0-9]{{2}}{_DAY}[0-9]{{3}}[0-9X]))")
_FIFTEEN = re.compile(rf"(?=({_PROVINCE}[0-9]{{6}}{_DAY}[0-9]{{3}}))")
_SAID = Words(
    *("身份证", "身份證", "身份号", "证件号", "證件號", "居住证", "居留证"),
    *("id card", "id no", "id num", "identity", "resident"),
)
_LAST_YEAR = 2039  # a later year of birth is no year of birth


def _is_said(reading: Reading, number: Written) -> bool:
    return reading.said_near(_SAID, number.start, number.end)


def _is_date(digits: str) -> bool:
    """Whether YYYYMMDD is in the calendar, and somebody can be born on it."""
    try:
        day = datetime.date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return False
    return day.year <= _LAST_YEAR


def _checks(digits: str) -> bool:
    from stdnum.cn import ric

    return bool(ric.calc_check_digit(digits) == digits[-1])


def _is_county(digits: str) -> bool:
    from stdnum import numdb

    return any("county" in found for _, found in numdb.get("cn/loc").info(digits))
