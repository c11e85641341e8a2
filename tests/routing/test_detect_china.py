"""Identifiers of China: what makes each count, and what does not.

Examples are those printed in the standards (GB 11643, GB 32100) and in the banks' and
offices' own instructions, or follow from them by hand.
"""

from __future__ import annotations

import pytest

from edge.routing.detect.all import detect


def kinds(text: str) -> set[str]:
    return {finding.kind for finding in detect(text)}


# GB 11643, annex: 11010519491231002X; the sum of its first seventeen is 167, 167 mod 11 = 2,
# and two stands for X.
RESIDENT = "11010519491231002X"


@pytest.mark.parametrize(
    "text",
    [
        RESIDENT,
        "11010519491231002x",
        "110105 19491231 002X",
        "110105-1949-1231-002X",
        "110105\n19491231\n002x",
        "１１０１０５１９４９１２３１００２Ｘ",
        "一一零一零五一九四九一二三一零零二X",
        "1 1 0 1 0 5 1 9 4 9 1 2 3 1 0 0 2 X",
        "我是11010519491231002X号住户",
    ],
)
def test_a_resident_number_is_found_in_every_writing(text: str):
    assert "resident_id" in kinds(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("110105194912310021", "the check character is X"),
        ("990105194912310023", "no province begins with 99"),
        ("110105194913310021", "there is no thirteenth month"),
        ("110105194902300020", "there is no 30th of February"),
        ("110105209912310029", "nobody was born in 2099"),
        ("911010519491231002X", "it stands within a longer number"),
    ],
)
def test_a_number_that_nobody_can_have_is_no_resident_number(text: str, why: str):
    assert "resident_id" not in kinds(text), why


def test_a_resident_number_with_a_slip_is_found_next_to_the_words_for_it():
    assert "resident_id" in kinds("身份证号：110105194912310021")


def test_an_old_resident_number_needs_a_known_county_or_the_words_for_it():
    assert "resident_id" in kinds("110105491231002")
    assert "resident_id" not in kinds("110199491231002")
    assert "resident_id" in kinds("身份证 110199491231002")


@pytest.mark.parametrize(
    "text",
    [
        "13800138000",
        "+86 138 0013 8000",
        "008613800138000",
        "86-138-0013-8000",
        "138.0013.8000",
        "138/0013/8000",
        "(138) 0013-8000",
        "138\n0013\n8000",
        "1-3-8-0-0-1-3-8-0-0-0",
        "1\u200b3\u200b8\u200b00138000",
        "１３８００１３８０００",
        "一三八零零一三八零零零",
        "幺三八 〇〇幺三 八〇〇〇",
        "138零零一三八零零零",
        "打13800138000一次就好",
        "13800138000二〇二四年起停用",
        "二〇二四年起用一三八零零一三八零零零",
        "tel13800138000",
        "①③⑧⓪⓪①③⑧⓪⓪⓪",
        "١٣٨٠٠١٣٨٠٠٠",
    ],
)
def test_a_mobile_number_is_found_in_every_writing(text: str):
    assert "mobile" in kinds(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("12800138000", "no mobile number begins with 12"),
        ("1380013800", "ten digits"),
        ("138001380001", "twelve digits"),
        ("0.13800138000", "a fraction"),
        ("139.162.123.45", "an address of the internet"),
        ("13 14 15 16 17 8 19 20 21", "a list of numbers"),
        ("138****8000", "a masked number"),
        ("1.4.0) (2021-05-21", "a version and a date"),
        ("9f86d081884c7d659a2feaa0c55ad015a13800138000f1b2b0b822cd15d6c15b", "a hash"),
    ],
)
def test_what_only_looks_like_a_mobile_number_is_none(text: str, why: str):
    assert "mobile" not in kinds(text), why


def test_landlines_are_found_with_their_area_code():
    for text in ("010-62345678", "(021) 6234 5678", "0571 87654321", "01062345678"):
        assert "landline" in kinds(text), text
    assert "landline" not in kinds("0123-4567-89")


def test_seven_digits_are_a_telephone_only_after_the_word():
    assert "phone" in kinds("家里电话：8765432")
    assert "phone" not in kinds("共计8765432")
    assert "phone" not in kinds("电话会议改到2024-03-15")


# GB 32100 prints 91350100M000100Y43 in its example.
@pytest.mark.parametrize(
    "text", ["91350100M000100Y43", "9135 0100 M000 100Y 43", "91350100m000100y43"]
)
def test_a_credit_code_is_found_by_its_check(text: str):
    assert "credit_code" in kinds(text)


def test_a_credit_code_with_a_wrong_character_is_none():
    assert kinds("91350100M000100Y44") == set()


@pytest.mark.parametrize("text", ["京A12345", "沪B·1234C", "粤BD12345", "浙A12345F", "京A1234警"])
def test_number_plates_are_found(text: str):
    assert "plate" in kinds(text)


@pytest.mark.parametrize("text", ["新macbook", "新SSDMAX", "京A1234", "黑A123456789"])
def test_words_and_long_numbers_are_no_plates(text: str):
    assert "plate" not in kinds(text)


@pytest.mark.parametrize("text", ["E12345678", "G 1234 5678", "EA1234567", "护照号 K1234567"])
def test_passports_are_found(text: str):
    assert "passport" in kinds(text)


@pytest.mark.parametrize(
    "text", ["F12345678", "E1234567", "4A3B-E123-45678", "护照 2024-03-15 到期"]
)
def test_other_letters_with_digits_are_no_passports(text: str):
    assert "passport" not in kinds(text)


def test_permits_need_the_words_for_them_and_hong_kong_its_parentheses():
    assert "permit" in kinds("港澳通行证 C12345678")
    assert "permit" in kinds("A123456(3)")
    assert "permit" not in kinds("零件 C12345678")


@pytest.mark.parametrize(
    "text",
    [
        "浙江省杭州市西湖区文三路123号",
        "中山大道一百二十号",
        "文三路１２３号",
        "阳光花园3栋2单元501室",
        "长寿巷 12-3 号",
        "A座1203室",
    ],
)
def test_chinese_addresses_are_found(text: str):
    assert "address" in kinds(text)


@pytest.mark.parametrize("text", ["坐到人民路2号线换乘", "这条路很长", "5栋楼", "文三路"])
def test_streets_without_a_house_are_no_addresses(text: str):
    assert "address" not in kinds(text)


def test_an_address_begins_with_its_province():
    (found,) = detect("我住在，浙江省杭州市文三路123号。")
    assert (found.start, found.end) == (4, 17)
