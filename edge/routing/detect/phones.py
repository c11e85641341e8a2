"""Telephone numbers: mobile and landline of mainland China, and those of other countries."""

from __future__ import annotations

import re
from collections.abc import Iterator

from edge.routing.detect.context import Words
from edge.routing.detect.finding import Finding
from edge.routing.detect.numbers import Written
from edge.routing.detect.reading import Reading


def find_phones(reading: Reading) -> Iterator[Finding]:
    """Telephone numbers by their form, or by the words before them."""
    if not reading.numbers.row:
        return
    for number in reading.numbers.like(_MOBILE):
        if _is_mobile(number) or reading.said_near(_SAID, number.start, number.end):
            yield reading.finding("mobile", number.start, number.end)
    for number in reading.numbers.like(_LANDLINE):
        if _is_landline(number):
            yield reading.finding("landline", number.start, number.end)
    for found in _AMERICAN.finditer(reading.text):
        if _is_valid(found[0], "US"):
            yield reading.finding("phone", *found.span())
    yield from _international(reading)
    yield from _announced(reading)


# Mainland mobile numbers (MIIT's plan): 1, then 3 to 9, eleven digits; with 86 or 0 before.
_MOBILE = re.compile(r"(?=((?:0|(?:00)?86)?1[3-9][0-9]{9}))")
# How people write eleven digits; any other split counts only where nothing else follows it,
# else every table of numbers would hold telephones.
_MOBILE_GROUPS = {(11,), (3, 4, 4), (3, 8), (3, 3, 5), (4, 3, 4), (5, 6), (7, 4), (3, 4, 2, 2)}

# Area codes: 010, 02x, 03xx to 09xx; then seven or eight digits.
_LANDLINE = re.compile(r"(?=(0(?:10|2[0-9])[0-9]{8}|0[3-9][0-9]{2}[0-9]{7,8}))")
# Three, three and four digits; with more digits beside them they are part of a table.
_AMERICAN = re.compile(
    r"[2-9](?<![0-9A-Za-z.+\-].)(?<![02-9][ .\-].)[0-9]{2}\)?[ .\-/]{1,2}[2-9][0-9]{2}[ .\-]{1,2}"
    r"[0-9]{4}(?![ .\-]?[0-9])(?![A-Za-z])"
)
_INTERNATIONAL = re.compile(
    r"(?:\+|00(?<![0-9.]00)(?=[1-9]))[\s(]{0,2}[0-9](?:[\s\-./_()|~]{0,3}[0-9]){6,16}"
)
_SAID = Words(
    *("电话", "電話", "手机", "手機", "联系方式", "致电", "拨打", "座机", "传真", "热线", "短信"),
    *(
        "phone",
        "telephone",
        "mobile",
        "cell",
        "tel.",
        "tel:",
        "tel ",
        "call",
        "fax",
        "whatsapp",
        "sms",
    ),
)
_ANNOUNCED = re.compile(
    rf"{_SAID.pattern}[^0-9\n。!?;]{{0,16}}([0-9](?:[\s\-./_()~]{{0,3}}[0-9]){{6,14}})(?![0-9])"
)
_NO_PHONE = re.compile(
    r"[0-9]{1,4}\.[0-9]+|(?:19|20)[0-9]{2}(?:[-./\s]?[01]?[0-9]){1,2}.*", re.DOTALL
)


def _is_mobile(number: Written) -> bool:
    if number.joints == (".",) or number.whole_part == "0" or len(number.whole_part) > 2:
        return False  # a decimal number; "1.13800138000" is the first line of a list
    n_prefix = len(number.digits) - 11
    first, *rest = number.groups
    shape = (*rest,) if first == n_prefix else (first - n_prefix, *rest)
    if shape in _MOBILE_GROUPS and n_prefix != 1:
        return True
    return number.alone and len(set(number.joints)) <= 2


def _is_landline(number: Written) -> bool:
    """A separate area code is telling; without one, the numbering plan must know it."""
    if number.whole_part or number.joints == (".",):
        return False
    n_area = 3 if number.digits[1] in "12" else 4
    if number.groups == (n_area, len(number.digits) - n_area):
        return True  # an extension may follow
    if not number.alone:
        return False
    return number.groups[0] == n_area or _is_valid(number.digits, "CN")


def _international(reading: Reading) -> Iterator[Finding]:
    """Numbers with a country's code before them; what follows on the line is tried away."""
    if "+" not in reading.text and "00" not in reading.text:
        return
    for found in _INTERNATIONAL.finditer(reading.text):
        number = found[0]
        while len(number) >= _SHORTEST:
            if _is_abroad(number):
                yield reading.finding("phone", found.start(), found.start() + len(number))
                break
            number = _LAST_GROUP.sub("", number)


def _is_abroad(number: str) -> bool:
    """A plus says that it is a telephone, so a possible number will do: plans change."""
    digits = "+" + number.lstrip("+0( \n")
    return _is_possible(digits) if number.startswith("+") else _is_valid(digits, None)


_LAST_GROUP = re.compile(r"[\s\-./_()|~]*[0-9]+\Z")
_SHORTEST = 8


def _announced(reading: Reading) -> Iterator[Finding]:
    """Seven to fifteen digits after a word for telephone, unless they are a date or a decimal."""
    if not _SAID.stand_in(reading.low):
        return
    for found in _ANNOUNCED.finditer(reading.low):
        if not _NO_PHONE.fullmatch(found[1]):
            yield reading.finding("phone", *found.span(1))


def _is_possible(number: str) -> bool:
    """Whether there is such a country, with numbers of this length."""
    import phonenumbers

    try:
        return bool(phonenumbers.is_possible_number(phonenumbers.parse(number, None)))
    except phonenumbers.NumberParseException:
        return False


def _is_valid(number: str, region: str | None) -> bool:
    """Whether a numbering plan has such a number; `region` where it names no country itself."""
    import phonenumbers

    try:
        return bool(phonenumbers.is_valid_number(phonenumbers.parse(number, region)))
    except phonenumbers.NumberParseException:
        return False
