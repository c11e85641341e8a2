"""Whether a sum that is shown comes out as shown.

Only what is certainly a sum of plain numbers is worked out: "12 x (3 + 4) = 84".
Dates, ranges, versions, clock times, variables, units between the numbers,
powers, magnitudes and other number systems are passed over.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import islice, pairwise

Exact = int | Fraction

MOST_EQUATIONS = 200  # looked at in one answer
_SIDE_CHARS = 80  # a longer side is not a sum anybody shows

# Full-width and typographic forms as plain ones; currencies and LaTeX's marks say nothing.
_PLAIN = {
    **str.maketrans(
        "０１２３４５６７８９＋－−–×✕✖·÷／％．，（）＊＝", "0123456789+---****//%.,()*="
    ),
    **dict.fromkeys(map(ord, "$¥￥€£\\"), None),
}
_TEX = {r"\times": "*", r"\cdot": "*", r"\div": "/", "{,}": ","}

_FENCED = re.compile(r"^[ \t]{0,12}(```|~~~).*?(?:^[ \t]{0,12}\1|\Z)", re.MULTILINE | re.DOTALL)
_BOLD = re.compile(r"(?<![\d)])\*\*|\*\*(?![\d(])")  # between numbers it is a power
_LIST_MARK = re.compile(r"[ \t]*(?:[-*+•][ \t]+|\(?\d{1,3}[.)][ \t]+)")
_ENDS_PLAIN = re.compile(r"[\d)%.] *\Z")
_BEGINS_PLAIN = re.compile(r" *[\d(.-]")
_RUN = re.compile(r"[\d+\-*/xX().,% ]*")
_NEXT_CLAUSE = re.compile(r"[,.] ")
_TOUCHED_BEFORE = re.compile(r"[A-Za-z_^√°²³}\]!]\Z|\d:\Z")
_WORD_BEFORE = re.compile(
    r"(?:\b(?:times|plus|minus|by|mod|sin|cos|tan|log|ln|sqrt)|乘以|乘|除以|加上|加|减去|减) *\Z",
    re.IGNORECASE,
)
_TOUCHED_AFTER = re.compile(
    r"[\^!:{²³√°π…]|\(?[A-Za-z](?![A-Za-z])| *\(?mod\b| *[万亿千百]"
    r"| *(?:[kmb]|bn|mn|hundred|thousand|million|billion|trillion|dozen|lakh|crore)\b",
    re.IGNORECASE,
)

_NUMBER = re.compile(r"(\d{1,3}(?:,\d{2,3})*,\d{3}|\d{1,15})(?:\.(\d{1,12}))?(%)?")
_NO_NUMBER = re.compile(r"(?<![\d.,])0\d|% ?\d|\d/\d+/\d|\d-\d+-\d")
_TWO_SIGNS = re.compile(r"[-+*/xX] *[-+*/xX]|[-+*/xX] *\)")
_SAYS_SO_ITSELF = re.compile(
    r"wrong|incorrect|false|mistake|isn't|\bnot (?:be|equal|true|right)|round|approx|about|rough"
    r"|estimat|remainder|\bmod\b|binary|\bbase\b|错|不正确|不等|不是|并非|约|大概|四舍五入|取整|余|进制",
    re.IGNORECASE,
)


def has_wrong_arithmetic(text: str) -> bool:
    """Whether at least one sum is shown with a result it does not have.

    A result is right when the value, rounded or cut to the decimals shown, is
    that; one that is said to be rounded, or wrong, is believed.
    """
    if "=" not in text and "＝" not in text:
        return False
    if "```" in text or "~~~" in text:
        text = _FENCED.sub("\n", text)
    found = islice(_neighbours(text), MOST_EQUATIONS)
    return any(
        _is_wrong(before, after) and not _SAYS_SO_ITSELF.search(line)
        for line, before, after in found
    )


@dataclass(frozen=True, slots=True)
class _Number:
    """A number as it is shown; `value` is what stands before a percent sign."""

    value: Exact
    decimals: int
    is_percent: bool

    @property
    def share(self) -> Exact:
        """What it counts as in a sum."""
        return Fraction(self.value, 100) if self.is_percent else self.value

    def says(self, value: Exact) -> bool:
        """Whether the value, rounded or cut to these decimals, is shown like this."""
        # "1/4 = 25%", and "1/4 * 100 = 25%" as people write it.
        return self._shows(value) or (self.is_percent and self._shows(value * 100))

    def _shows(self, value: Exact) -> bool:
        scale: int = 10**self.decimals
        off = (value - self.value) * scale
        return -1 <= 2 * off <= 1 or int(value * scale) == self.value * scale


@dataclass(frozen=True, slots=True)
class _Side:
    """One side of an equation, worked out; `first` is its first number with its sign."""

    value: Exact
    first: _Number
    numbers: tuple[_Number, ...]

    @property
    def is_sum(self) -> bool:
        return len(self.numbers) > 1


def _agree(total: _Side, shown: _Side) -> bool:
    if shown.first.says(total.value):  # also in "3 + 4 = 7 + 5 = 12", as people write it
        return True
    if shown.is_sum:
        off = 50 * (total.value - shown.value)  # both sides may hold rounded numbers
        return off * off <= total.value * total.value
    return _is_a_range(total, shown.first) or _is_binary((*total.numbers, shown.first))


def _is_a_range(total: _Side, shown: _Number) -> bool:
    """ "1 - 3 = 50 pages": nobody shows a difference below nothing as one above."""
    return len(total.numbers) == 2 and total.value < 0 < shown.value


def _is_binary(numbers: tuple[_Number, ...]) -> bool:
    digits = "".join(str(number.value) for number in numbers)
    return len(digits) > len(numbers) and set(digits) <= {"0", "1"}


def _neighbours(text: str) -> Iterator[tuple[str, str, str]]:
    """Lines with what stands before and after an equals sign, where both may be numbers."""
    for line in text.split("\n"):
        if "=" not in line and "＝" not in line:
            continue
        # Of "==", "<=", ":=" and "=>", as programs write, one side is no number.
        for before, after in pairwise(_plain(line).split("=")):
            if _ENDS_PLAIN.search(before[-4:]) and _BEGINS_PLAIN.match(after):
                yield line, before, after


def _plain(line: str) -> str:
    for tex, plain in _TEX.items():
        line = line.replace(tex, plain)
    line = _BOLD.sub("", line)
    mark = _LIST_MARK.match(line)
    return line[mark.end() if mark else 0 :].translate(_PLAIN)


def _is_wrong(before: str, after: str) -> bool:
    total = _side_before(before)
    if total is None or not total.is_sum:
        return False
    shown = _side_after(after)
    return shown is not None and not _agree(total, shown)


def _side_before(part: str) -> _Side | None:
    """What ends right before an equals sign."""
    near = part[-_SIDE_CHARS:]
    run = _RUN.match(near[::-1])  # the other way round it begins, and that is found at once
    n_run = run.end() if run else 0
    if n_run in (0, _SIDE_CHARS):
        return None
    words, plain = near[:-n_run], near[-n_run:]
    clause = _NEXT_CLAUSE.split(plain)[-1]
    if clause == plain and _is_touched(words, clause):
        return None
    sum_ = clause.strip()
    while sum_.startswith("(") and sum_.count("(") > sum_.count(")"):
        sum_ = sum_[1:]
    return _worked_out(sum_)


def _is_touched(words: str, clause: str) -> bool:
    """Whether what stands before a clause belongs to it, so that it does not begin there."""
    if _WORD_BEFORE.search(words[-16:]):
        return True
    if clause.startswith(" "):
        return clause.lstrip().startswith("-") and bool(words.strip())
    return _TOUCHED_BEFORE.search(words[-2:]) is not None


def _side_after(part: str) -> _Side | None:
    """What begins right after an equals sign."""
    near = part[:_SIDE_CHARS]
    run = _RUN.match(near)
    if run is None or len(run[0]) == _SIDE_CHARS:
        return None
    clause = _NEXT_CLAUSE.split(run[0])[0]
    result = clause.lstrip().rstrip(" .,(")
    while result.endswith(")") and result.count(")") > result.count("("):
        result = result[:-1]
    if len(clause) == len(run[0]) and _TOUCHED_AFTER.match(near, len(clause.rstrip(" ("))):
        return None
    return _worked_out(result)


def _worked_out(text: str) -> _Side | None:
    """A side as its value; None where it is no sum of plain numbers."""
    if not text or _TWO_SIGNS.search(text) or _NO_NUMBER.search(text):
        return None
    sign = -1 if text.startswith("-") else 1
    if alone := _NUMBER.fullmatch(text, 1 if sign < 0 else 0):
        number = _number(alone, sign)
        return _Side(number.share, number, (number,))
    numbers: list[_Number] = []

    def place(found: re.Match[str]) -> str:
        """Python's reader of numbers is not ours, so it is told where each one is kept."""
        numbers.append(_number(found))
        return f" {len(numbers) - 1} "

    tree = _NUMBER.sub(place, text).replace("x", "*").replace("X", "*").strip()
    if "%" in text and ("+" in text or "-" in text) and not all(n.is_percent for n in numbers):
        return None  # 100 - 20% means two things
    try:
        value = _value(ast.parse(tree, mode="eval").body, numbers)
    except (SyntaxError, ValueError, ZeroDivisionError):
        return None
    first = replace(numbers[0], value=-numbers[0].value) if sign < 0 else numbers[0]
    return _Side(value, first, tuple(numbers))


def _number(found: re.Match[str], sign: int = 1) -> _Number:
    whole, decimals, percent = found.groups()
    value: Exact = sign * int(whole.replace(",", "") + (decimals or ""))
    if decimals:
        value = Fraction(value, 10 ** len(decimals))
    return _Number(value, len(decimals or ""), percent is not None)


def _value(node: ast.expr, numbers: Sequence[_Number]) -> Exact:
    """The value of a tree whose constants are places in `numbers`."""
    if isinstance(node, ast.Constant) and isinstance(node.value, int):
        return numbers[node.value].share
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_value(node.operand, numbers)
    if not isinstance(node, ast.BinOp):
        raise ValueError("not a sum")
    left, right = _value(node.left, numbers), _value(node.right, numbers)
    match node.op:
        case ast.Add():
            return left + right
        case ast.Sub():
            return left - right
        case ast.Mult():
            return left * right
        case ast.Div():
            return Fraction(left) / right
    raise ValueError("not a sum")
