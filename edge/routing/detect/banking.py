"""Bank cards, bank accounts and IBANs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from edge.routing.detect.context import Words
from edge.routing.detect.finding import Finding
from edge.routing.detect.numbers import Written
from edge.routing.detect.reading import Reading


def find_banking(reading: Reading) -> Iterator[Finding]:
    """Numbers by which money moves."""
    yield from _cards(reading)
    yield from _accounts(reading)
    yield from _ibans(reading)


def _cards(reading: Reading) -> Iterator[Finding]:
    """Cards by the Luhn check (ISO/IEC 7812) and an issuer, or by grouping or words as well.

    One number in ten passes Luhn. So a bare one needs an issuer's prefix at a length
    the issuer uses; a prefix that order numbers have too (22 to 27 begin dates) needs
    groups of four, and any other a word such as "card" nearby.
    """
    for number in _like(reading, _SURE):
        if number.alone and _passes(number):
            yield reading.finding("bank_card", number.start, number.end)
    for number in _like(reading, _LIKELY):
        if number.alone and number.groups in _CARD_GROUPS and _passes(number):
            yield reading.finding("bank_card", number.start, number.end)
    if _CARD_WORDS.stand_in(reading.low):
        for number in _like(reading, _ANYBODYS):
            if reading.said_near(_CARD_WORDS, number.start, number.end) and _passes(number):
                yield reading.finding("bank_card", number.start, number.end)


def _like(reading: Reading, patterns: Iterable[re.Pattern[str]]) -> Iterator[Written]:
    return (number for pattern in patterns for number in reading.numbers.like(pattern))


def _passes(number: Written) -> bool:
    """Whether the Luhn check is right; one float in ten would pass, and is no card."""
    from stdnum import luhn

    return not number.is_decimal and bool(luhn.is_valid(number.digits))


def _by_length(issuers: dict[int, str]) -> tuple[re.Pattern[str], ...]:
    # One pattern a length: a shorter number at the same place must not hide a longer one.
    return tuple(
        re.compile(rf"(?=((?={prefixes})[0-9]{{{length}}}))")
        for length, prefixes in issuers.items()
    )


# American Express; Visa, Mastercard, UnionPay (62, 16 to 19 digits), JCB, Discover; and
# what Chinese banks issued before UnionPay had a prefix.
_SURE = _by_length(
    {
        15: "3[47]",
        16: "4|5[1-5]|62|35(?:2[89]|[3-8])|6011|64[4-9]|65|9558|9559",
        17: "62",
        18: "62|9558|9559",
        19: "62|9558|9559|9400|9843|4367|4563|4581|6013|6036|6907",
    }
)
# Old and long Visa, Diners, Mastercard from 2221 to 2720, UnionPay 81, Maestro.
_LIKELY = _by_length(
    {
        13: "4",
        14: "3(?:0[0-5]|[68])",
        16: "2(?:22[1-9]|2[3-9]|[3-6]|7[01]|720)|81|5[06-9]|6[37]",
        18: "5[06-9]|6[37]",
        19: "4|5[06-9]|6[37]",
    }
)
_ANYBODYS = _by_length(dict.fromkeys(range(13, 20), "[2-9]"))
_CARD_GROUPS = {(4, 4, 4, 4), (4, 4, 4, 4, 3), (4, 4, 4, 4, 2), (4, 4, 4, 1), (4, 6, 4), (6, 13)}
_CARD_WORDS = Words(
    *("银行卡", "銀行卡", "卡号", "卡號", "信用卡", "储蓄卡", "借记卡", "工资卡", "银联"),
    *("card", "visa", "mastercard", "unionpay", "amex"),
)


def _accounts(reading: Reading) -> Iterator[Finding]:
    """Account numbers have no form of their own: the words before them tell."""
    if not _ACCOUNT_WORDS.stand_in(reading.low):
        return
    for found in _ACCOUNT.finditer(reading.low):
        yield reading.finding("bank_account", *found.span(1))


_ACCOUNT_WORDS = Words(
    *("账号", "帐号", "账户", "帐户", "帳號", "帳戶", "卡号"),
    *("account number", "account no", "bank account", "a/c no", "acct"),
)
_ACCOUNT = re.compile(
    rf"{_ACCOUNT_WORDS.pattern}[^0-9\n。!?;]{{0,12}}([0-9](?:[\s\-.]{{0,2}}[0-9]){{8,21}})(?![0-9])"
)


def _ibans(reading: Reading) -> Iterator[Finding]:
    """IBANs (ISO 13616), checked against their country's structure and MOD 97-10."""
    for found in _IBAN.finditer(reading.text):
        end = _iban_end(found[0])
        if end:
            yield reading.finding("iban", found.start(), found.start() + end)


_IBAN_GAP = r"[\s\-./_]{0,2}"
_IBAN = re.compile(
    rf"(?<![0-9A-Za-z])[A-Za-z]{_IBAN_GAP}[A-Za-z](?:{_IBAN_GAP}[0-9]){{2}}"
    rf"(?:{_IBAN_GAP}[0-9A-Za-z]){{11,30}}"
)
_NO_IBAN = re.compile(r"[^0-9A-Za-z]")


def _iban_end(text: str) -> int:
    """Where the IBAN at the beginning ends, zero if there is none: a word may follow it."""
    from stdnum import iban

    for end in range(len(text), _SHORTEST_IBAN - 1, -1):
        whole = end == len(text) or not text[end].isalnum()
        if whole and text[end - 1].isalnum() and iban.is_valid(_NO_IBAN.sub("", text[:end])):
            return end
    return 0


_SHORTEST_IBAN = 15  # Norway's
