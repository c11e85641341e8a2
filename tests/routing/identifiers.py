"""Identifiers that nobody has, made from a seed: of many kinds, well-formed, in sentences.

The check digits are computed here from the standards, not by the library the
detectors use, so that a mistake there shows here.
"""

from __future__ import annotations

import random
import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass

PROVINCES = ["1101", "3101", "3301", "4401", "5101", "3702", "4203", "6101", "2102", "4503"]


@dataclass(frozen=True)
class Planted:
    """A sentence with an identifier in it, and how the identifier was disguised."""

    kind: str
    disguise: str
    text: str
    start: int
    end: int


def plant(seed: int, count: int) -> Iterator[Planted]:
    """Identifiers of all kinds in turn, each in a sentence; every disguise its kind allows."""
    rng = random.Random(seed)
    kinds = list(MAKERS)
    for n in range(count):
        kind = kinds[n % len(kinds)]
        disguise = rng.choice(DISGUISES_OF.get(kind, PLAIN))
        shown = DISGUISES[disguise](rng, MAKERS[kind](rng))
        before, after = rng.choice(SENTENCES.get(kind, ANY_SENTENCE))
        yield Planted(kind, disguise, before + shown + after, len(before), len(before + shown))


# Makers: one identifier each, as it is written most plainly.


def digits(rng: random.Random, n: int) -> str:
    return "".join(rng.choices(string.digits, k=n))


def birthday(rng: random.Random) -> str:
    return f"{rng.randint(1930, 2012)}{rng.randint(1, 12):02}{rng.randint(1, 28):02}"


def resident_id(rng: random.Random) -> str:
    """GB 11643: weights 2^(18-i) mod 11, and the check that makes the sum 1 mod 11."""
    body = f"{rng.choice(PROVINCES)}{rng.randint(1, 13):02}{birthday(rng)}{digits(rng, 3)}"
    total = sum(int(d) * pow(2, 17 - i, 11) for i, d in enumerate(body))
    return body + "10X98765432"[total % 11]


def old_resident_id(rng: random.Random) -> str:
    county = rng.choice(["110105", "310104", "330106", "440106", "510104", "370202", "420106"])
    return f"{county}{birthday(rng)[2:]}{digits(rng, 3)}"


def mobile(rng: random.Random) -> str:
    prefix = rng.choice(["", "", "", "+86", "0086", "86"])
    return f"{prefix}1{rng.choice('3456789')}{digits(rng, 9)}"


def landline(rng: random.Random) -> str:
    area = rng.choice(["010", "021", "0571", "0755", "028", "0311"])
    return f"{area}-{rng.choice('23568')}{digits(rng, 7)}"


def luhn_end(body: str) -> str:
    """The digit that makes the Luhn sum a multiple of ten."""
    total = 0
    for i, digit in enumerate(reversed(body)):
        value = int(digit) * (2 if i % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return body + str(-total % 10)


def bank_card(rng: random.Random) -> str:
    prefix, length = rng.choice(
        [("62", 16), ("62", 19), ("62", 18), ("4", 16), ("53", 16), ("955880", 19), ("37", 15)]
    )
    return luhn_end(prefix + digits(rng, length - 1 - len(prefix)))


def passport(rng: random.Random) -> str:
    if rng.random() < 0.3:
        return f"E{rng.choice('ABCDFGHJK')}{digits(rng, 7)}"
    return f"{rng.choice('EG')}{digits(rng, 8)}"


def permit(rng: random.Random) -> str:
    return f"{rng.choice(['C', 'H', 'M', 'L', 'CA'])}{digits(rng, 8)}"


def credit_code(rng: random.Random) -> str:
    """GB 32100: weights 3^i mod 31 over an alphabet of 31."""
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    region = rng.choice(["110108", "310115", "330106", "440300", "370200"])
    body = rng.choice(["91", "92", "93", "12", "52"]) + region + "MA"
    body += "".join(rng.choices(alphabet, k=7))
    total = sum(alphabet.index(c) * pow(3, i, 31) for i, c in enumerate(body))
    return body + alphabet[-total % 31]


def plate(rng: random.Random) -> str:
    head = rng.choice("京沪粤浙苏鲁川渝鄂湘") + rng.choice("ABCDEFGH")
    if rng.random() < 0.3:
        return f"{head}{rng.choice('DF')}{digits(rng, 5)}"
    return head + rng.choice(["", "·"]) + rng.choice("ABCK" + string.digits) + digits(rng, 4)


def address(rng: random.Random) -> str:
    street = rng.choice(["文三路", "建国街", "中山大道", "和平里", "长寿巷", "解放路", "学院路"])
    city = rng.choice(["北京市海淀区", "浙江省杭州市西湖区", "广州市天河区", "", "成都市"])
    house = f"{rng.randint(1, 999)}号"
    flat = f"{rng.randint(1, 30)}{rng.choice(['栋', '幢', '号楼'])}{rng.randint(101, 2999)}室"
    return city + rng.choice([street + house, street + house + flat, "阳光花园" + flat])


def english_address(rng: random.Random) -> str:
    name = rng.choice(["Baker", "Main", "Elm", "King George", "Maple Leaf", "St. James's", "5th"])
    kind = rng.choice(["Street", "St", "Avenue", "Road", "Lane", "Drive", "Blvd", "Court"])
    town = rng.choice([", Springfield, IL 62704", ", London", "", ", Apt 4B"])
    return f"{rng.randint(1, 9999)} {name} {kind}{town}"


def email(rng: random.Random) -> str:
    name = rng.choice(["li.lei", "hanmeimei", "j_doe", "a.b+work", "w-1987", "zhang3"])
    host = rng.choice(["example.com", "qq.com", "163.com", "mail.tsinghua.edu.cn", "uni.de"])
    return f"{name}{rng.randint(1, 99)}@{host}"


def phone_abroad(rng: random.Random) -> str:
    return rng.choice(
        [
            f"+1 415 {rng.randint(200, 999)} {digits(rng, 4)}",
            f"+44 20 7{digits(rng, 3)} {digits(rng, 4)}",
            f"+49 30 9{digits(rng, 6)}",
            f"+33 6 {rng.randint(10, 79)} {digits(rng, 2)} {digits(rng, 2)} {digits(rng, 2)}",
            f"+81 90-{rng.randint(1000, 9999)}-{digits(rng, 4)}",
            f"+852 9{rng.randint(100, 799)} {digits(rng, 4)}",
            f"(212) {rng.randint(200, 999)}-{digits(rng, 4)}",
        ]
    )


def iban(rng: random.Random) -> str:
    """ISO 13616: country and check digits at the end, letters as numbers, 98 minus mod 97."""
    country, body = rng.choice(
        [
            ("DE", digits(rng, 18)),
            ("GB", f"NWBK{digits(rng, 14)}"),
            ("AT", digits(rng, 16)),
            ("CH", digits(rng, 17)),
        ]
    )
    number = int("".join(str(int(c, 36)) for c in body + country + "00"))
    return f"{country}{98 - number % 97:02}{body}"


def ssn(rng: random.Random) -> str:
    return f"{rng.randint(1, 665):03}-{rng.randint(1, 99):02}-{rng.randint(1, 9999):04}"


def vat(rng: random.Random) -> str:
    """France: a key of 12 + 3 * SIREN mod 97, SIREN itself by Luhn."""
    siren = luhn_end(digits(rng, 8))
    return f"FR{(12 + 3 * (int(siren) % 97)) % 97:02}{siren}"


def national_id(rng: random.Random) -> str:
    """Spain's NIE: X, seven digits, a letter by mod 23. Britain's: letters around six digits."""
    if rng.random() < 0.5:
        return f"{rng.choice('ABCEHJ')}{rng.choice('ABCEHJ')}{digits(rng, 6)}{rng.choice('ABCD')}"
    body = digits(rng, 7)
    return f"X{body}{'TRWAGMYFPDXBNJZSQVHLCKE'[int(body) % 23]}"


def api_key(rng: random.Random) -> str:
    letters = string.ascii_letters + string.digits
    upper = string.ascii_uppercase + string.digits
    prefix, alphabet, n = rng.choice(
        [
            ("sk-", letters, 32),
            ("sk-proj-", letters, 48),
            ("AKIA", upper, 16),
            ("LTAI", letters, 20),
            ("ghp_", letters, 36),
            ("xoxb-", letters, 24),
            ("AIza", letters, 35),
            ("hf_", letters, 34),
            ("glpat-", letters, 20),
        ]
    )
    return prefix + "".join(rng.choices(alphabet, k=n))


def token(rng: random.Random) -> str:
    letters = string.ascii_letters + string.digits
    if rng.random() < 0.5:
        return "Bearer 7" + "".join(rng.choices(letters, k=32))
    return "eyJ" + ".".join("".join(rng.choices(letters, k=n)) for n in (20, 60, 43))


def private_key(rng: random.Random) -> str:
    body = "".join(rng.choices(string.ascii_letters + string.digits + "+/", k=64))
    kind = rng.choice(["", "RSA ", "EC ", "OPENSSH "])
    return f"-----BEGIN {kind}PRIVATE KEY-----\n{body}\n-----END {kind}PRIVATE KEY-----"


def password(rng: random.Random) -> str:
    word = "".join(rng.choices(string.ascii_letters, k=rng.randint(4, 9)))
    secret = f"{word}{rng.choice('!@#&_')}{digits(rng, 3)}"
    form = rng.choice(
        ['password = "{}"', "password: {}", "密码：{}", "我的密码是{}", "PWD={}", "pwd={}"]
    )
    return form.format(secret)


MAKERS: dict[str, Callable[[random.Random], str]] = {
    "resident_id": resident_id,
    "old_resident_id": old_resident_id,
    "mobile": mobile,
    "landline": landline,
    "bank_card": bank_card,
    "passport": passport,
    "permit": permit,
    "credit_code": credit_code,
    "plate": plate,
    "address": address,
    "english_address": english_address,
    "email": email,
    "phone_abroad": phone_abroad,
    "iban": iban,
    "ssn": ssn,
    "vat": vat,
    "national_id": national_id,
    "api_key": api_key,
    "token": token,
    "private_key": private_key,
    "password": password,
}
# The kinds a detector may call what a maker made; any of them will do.
FOUND_AS = {
    "old_resident_id": {"resident_id"},
    "mobile": {"mobile", "phone"},
    "landline": {"landline", "phone"},
    "english_address": {"address"},
    "phone_abroad": {"phone"},
}

# Disguises: how people write the same identifier.


def full_width(_: random.Random, text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


def numerals(rng: random.Random, text: str) -> str:
    words = rng.choice(["零一二三四五六七八九", "〇一二三四五六七八九", "零幺二三四五六七八九"])
    return "".join(words[int(c)] if c.isdigit() else c for c in text)


def zero_width(rng: random.Random, text: str) -> str:
    return rng.choice(["\u200b", "\u200d", "\ufeff", "\u2060"]).join(text)


def grouped(separators: str, sizes: tuple[int, ...] = (3, 4)) -> Callable[..., str]:
    """Pieces of three or four (unless told) with one and the same separator between them."""

    def disguise(rng: random.Random, text: str) -> str:
        separator, pieces = rng.choice(separators), []
        while text:
            size = rng.choice(sizes)
            pieces.append(text[:size])
            text = text[size:]
        return separator.join(pieces)

    return disguise


def other_digit(rng: random.Random, text: str) -> str:
    """One of the last four digits mistyped."""
    at = rng.choice([i for i, c in enumerate(text) if c.isdigit()][-4:])
    return text[:at] + str((int(text[at]) + rng.randint(1, 9)) % 10) + text[at + 1 :]


DISGUISES: dict[str, Callable[[random.Random, str], str]] = {
    "plain": lambda _, text: text,
    "spaced": grouped(" \u3000\u00a0"),
    "dashed": grouped("-–—－"),
    "dotted": grouped(".·・"),
    "slashed": grouped("/"),
    "broken over lines": grouped("\n", (4, 6)),
    "single characters": grouped(" -", (1,)),
    "zero-width": zero_width,
    "full-width": full_width,
    "numerals": numerals,
    "lower case": lambda _, text: text.lower(),
    "at and dot": lambda _, text: text.replace("@", " at ").replace(".", " dot "),
    "brackets": lambda _, text: text.replace("@", " [at] ").replace(".", "[dot]"),
}
PLAIN = ["plain"]
ENGLISH = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
# What is known to be missed, to be measured and published: docs/detectors.md.
HARD = {
    "commas": grouped(","),
    "emoji": grouped("😀🙂", (3, 4)),
    "words between": lambda _, text: f"{text[:3]} and then {text[3:7]} and then {text[7:]}",
    "English words": lambda _, text: " ".join(ENGLISH[int(c)] if c.isdigit() else c for c in text),
    "backwards": lambda _, text: text[::-1],
    "one digit wrong": other_digit,
}
_OF_DIGITS = [
    *("plain", "spaced", "dashed", "dotted", "slashed", "broken over lines", "single characters"),
    *("zero-width", "full-width"),
]
DISGUISES_OF = {
    "resident_id": [*_OF_DIGITS, "numerals", "lower case"],
    "old_resident_id": _OF_DIGITS,
    "mobile": [*_OF_DIGITS, "numerals"],
    "landline": ["plain", "zero-width", "full-width", "numerals"],
    "bank_card": _OF_DIGITS,
    "passport": ["plain", "spaced", "dashed", "zero-width", "full-width"],
    "permit": ["plain", "spaced", "dashed", "zero-width", "full-width"],
    "credit_code": [*_OF_DIGITS, "lower case"],
    "plate": ["plain", "zero-width", "full-width"],
    "address": ["plain", "zero-width", "full-width", "numerals"],
    "english_address": ["plain", "zero-width"],
    "email": ["plain", "full-width", "zero-width", "at and dot", "brackets"],
    "phone_abroad": ["plain", "full-width", "zero-width"],
    "iban": ["plain", "spaced", "dashed", "zero-width", "full-width", "lower case"],
    "ssn": ["plain", "full-width", "zero-width"],
    "api_key": ["plain", "zero-width", "full-width"],
    "password": ["plain", "full-width"],
}

# Sentences. Most kinds are told by their form; for these the words say what it is.

ANY_SENTENCE = [
    ("", ""),
    ("我的是 ", "，请帮我记一下。"),
    ("麻烦你核对一下：", "，谢谢！"),
    ("昨天小王发给我的是", "（不要外传）"),
    ("Could you check ", " for me, please?"),
    ("He wrote it down as ", ", then left."),
    ("Please forward ", " to the office."),
]
SENTENCES = {
    "permit": [
        ("我的港澳通行证号码是", "，下周出发。"),
        ("通行证：", "。"),
        ("My travel permit is ", ", valid until May."),
    ],
    "vat": [("Our VAT number is ", "."), ("VAT: ", " (France)"), ("增值税号：", "。")],
    "old_resident_id": [
        *ANY_SENTENCE,
        ("老身份证号", "还能用吗？"),
        ("His old ID card said ", "."),
    ],
}
