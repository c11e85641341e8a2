"""Money, mail, keys and the identifiers of other countries: what makes each count."""

from __future__ import annotations

import pytest

from edge.routing.detect.all import detect


def kinds(text: str) -> set[str]:
    return {finding.kind for finding in detect(text)}


# Cards: numbers the schemes publish for testing; the UnionPay one is a Luhn sum by hand.


@pytest.mark.parametrize(
    "text",
    [
        "4111111111111111",
        "4111 1111 1111 1111",
        "5555-5555-5555-4444",
        "378282246310005",
        "3530111333300000",
        "6222021000000000009",
        "６２２２０２１" + "０" * 11 + "９",
        "2223 0031 2200 3222",
        "卡号 2223003122003222",
    ],
)
def test_bank_cards_are_found(text: str):
    assert "bank_card" in kinds(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("4111111111111112", "the Luhn sum is 31"),
        ("2223003122003222", "order numbers begin with the year and month, too"),
        ("9111111111111118", "no issuer begins with 9"),
        ("411111111111111100", "no issuer of 4 has eighteen digits"),
        ("0.4111111111111111", "a fraction"),
        ("41.11111111111111", "a decimal number"),
        ("4111 1111 1111 1111 2048 4096 1024", "four in a row of a table"),
    ],
)
def test_what_only_looks_like_a_card_is_none(text: str, why: str):
    assert "bank_card" not in kinds(text), why


def test_an_account_number_needs_the_word_before_it():
    assert "bank_account" in kinds("对公账号：3301 0401 6000 1234")
    assert "bank_account" not in kinds("3301 0401 6000 1234")


# The example of the British registry of ISO 13616: GB29 NWBK 6016 1331 9268 19.
def test_an_iban_is_found_and_ends_where_it_ends():
    text = "IBAN gb29 nwbk 6016 1331 9268 19 thanks"
    assert [text[f.start : f.end] for f in detect(text) if f.kind == "iban"] == [
        "gb29 nwbk 6016 1331 9268 19"
    ]
    assert "iban" not in kinds("GB29 NWBK 6016 1331 9268 18")


@pytest.mark.parametrize(
    "text",
    [
        "li.lei+work@mail.example.com",
        "ｌｉ＠ｑｑ．ｃｏｍ",
        "li\u200b@qq.com",
        "li @ qq . com",
        "li at example dot com",
        "li [at] example [dot] org",
        "li(at)example.com",
        "li at gmail.com",
        "li艾特qq点com",
        "请发到li@163.com谢谢",
    ],
)
def test_mail_addresses_are_found(text: str):
    assert "email" in kinds(text)


@pytest.mark.parametrize(
    "text",
    [
        "look at example.com",
        "git@github.com:a/b.git",
        "node@18.0.0",
        "x @ w.T",
        "@app.get",
        "@everyone",
    ],
)
def test_what_only_looks_like_mail_is_none(text: str):
    assert "email" not in kinds(text)


@pytest.mark.parametrize(
    "text", ["+44 20 7946 0958", "0044 20 7946 0958", "+1 (415) 555-2671", "(415) 555-2671"]
)
def test_telephones_of_other_countries_are_found(text: str):
    assert "phone" in kinds(text)


@pytest.mark.parametrize(
    "text", ["+12 345", "+999 1234 5678", "211-555-2671", "0033 1 00", "415 555 2671 2048"]
)
def test_numbers_of_no_country_are_no_telephones(text: str):
    assert "phone" not in kinds(text)


@pytest.mark.parametrize(
    "text",
    [
        "sk-" + "aB3" * 10,
        "AKIA" + "A1B2" * 4,
        "LTAI" + "aB3c" * 5,
        "ghp_" + "a1B2" * 9,
        "xoxb-123456789012-abcdef",
        "AIza" + "a1B2_" * 7,
        "api key:sk\u200b-" + "aB3" * 10,
    ],
)
def test_api_keys_are_found(text: str):
    assert "api_key" in kinds(text)


@pytest.mark.parametrize(
    "text", ["sk-learn", "task-" + "a1" * 10, "AKIATOOSHORT", "AIzawa", "ghp_"]
)
def test_words_that_begin_like_a_key_are_none(text: str):
    assert "api_key" not in kinds(text)


def test_private_keys_are_found_and_public_ones_are_not():
    assert "private_key" in kinds("-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1r\n")
    assert "private_key" in kinds("-----BEGIN PRIVATE KEY-----")
    assert "private_key" not in kinds("-----BEGIN PUBLIC KEY-----\nMFwwDQYJ")


def test_tokens_are_found():
    assert "token" in kinds("Authorization: Bearer 9f86d081884c7d659a2f")
    assert "token" in kinds("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3")
    assert "token" not in kinds("the bearer of this letter, a bearer of good news")


@pytest.mark.parametrize(
    "text",
    [
        'password = "correcthorse"',
        "password: hunter2",
        "密码：abc12345",
        "我的密码是 Tiger_77",
        "PIN: 4711",
        "DB_PASSWORD=s3cr3t!",
        '"client_secret": "a8f5f167f44f"',
        "postgres://me:secret99@db.example/x",
    ],
)
def test_passwords_are_found_where_they_are_assigned(text: str):
    assert "password" in kinds(text)


@pytest.mark.parametrize(
    "text",
    [
        "password: str",
        "password = get_password()",
        'password = os.environ["X"]',
        "password: <your password>",
        'password="${DB_PASSWORD}"',
        "max_tokens = 4096",
        "a token is not a word",
        "密码是必填项",
        "if token == other:",
    ],
)
def test_stand_ins_for_passwords_are_none(text: str):
    assert "password" not in kinds(text)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("536-22-1234", "ssn"),
        ("his SSN: 536221234", "ssn"),
        ("912-90-3456", "itin"),
        ("VAT: DE136695976", "vat"),
        ("RCCMNL83S18D969H", "national_id"),
        ("X2482300W", "national_id"),
        ("131052-308T", "national_id"),
        ("756.9217.0769.85", "national_id"),
        ("AB123456C", "national_id"),
        ("BSN 111222333", "national_id"),
        ("PESEL 44051401359", "national_id"),
    ],
)
def test_identifiers_of_other_countries_are_found(text: str, kind: str):
    assert kind in kinds(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("000-22-1234", "no such area"),
        ("536221234", "nine digits and no word"),
        ("VAT: DE136695977", "the check digit is 6"),
        ("DE136695976", "no word"),
        ("X2482300A", "the check letter is W"),
        ("131052-308U", "the check letter is T"),
        ("BSN 111222334", "the check is wrong"),
        ("PESEL 44051401358", "the check digit is 9"),
        ("the BSN is explained on the next page, there are 111222333 of them", "the word is far"),
        ("testing 111222333 using", "words that only contain tin and sin"),
    ],
)
def test_numbers_with_a_wrong_check_or_no_word_are_no_identifiers(text: str, why: str):
    assert kinds(text) & {"ssn", "vat", "national_id"} == set(), why


@pytest.mark.parametrize(
    "text",
    [
        "221B Baker Street",
        "10 St. James's Square",
        "350 W 42nd St",
        "Springfield, IL 62704",
        "P.O. Box 1234",
        "Hauptstraße 12, 10115 Berlin",
        "12 rue de Rivoli",
        "I live at 123 main street",
    ],
)
def test_western_addresses_are_found(text: str):
    assert "address" in kinds(text)


@pytest.mark.parametrize(
    "text", ["a 10 minute drive", "5 long roads", "the 3 best way", "Wall Street"]
)
def test_streets_without_a_house_are_no_addresses(text: str):
    assert "address" not in kinds(text)
