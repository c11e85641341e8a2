"""Which regular expressions a grammar can hold a string to (pure).

A grammar knows no escapes of classes and would let a quote into a JSON string: so only
plain characters, classes of them, groups, alternatives and counts are taken.
"""

from __future__ import annotations

import re

_PLAIN = r"A-Za-z0-9 _:@#%&,;~<>/="
_CLASS = rf"\[(?:[A-Za-z0-9]-[A-Za-z0-9]|[{_PLAIN}.+*])+-?\]"
_COUNT = r"[?*+]|\{\d{1,3}(?:,\d{0,3})?\}"
_ATOM = rf"(?:[{_PLAIN}-]|{_CLASS}|[()|])"
_TAKEN = re.compile(rf"\^(?:{_ATOM}(?:{_COUNT})?)+\$")
# In other words, for the converter: it reads none of these itself.
_REWORDED = {
    r"\d": "[0-9]",
    r"\w": "[A-Za-z0-9_]",
    r"\.": "[.]",
    r"\-": "-",
    r"\/": "/",
    r"\+": "[+]",
    "(?:": "(",
}
_WORDS = re.compile("|".join(re.escape(word) for word in _REWORDED))


def forced_pattern(pattern: str) -> str | None:
    r"""The pattern as a grammar takes it; None where it cannot be held to it.

    >>> forced_pattern(r"^[A-Z]{2}-\d+$")
    '^([A-Z]{2}-[0-9]+)$'
    >>> forced_pattern("^.*$") is None
    True
    """
    try:
        re.compile(pattern)
    except re.error:
        return None
    reworded = _WORDS.sub(lambda found: _REWORDED[found.group()], pattern)
    inner = reworded[1:-1]
    if not _TAKEN.fullmatch(reworded) or re.search(r"[(|][?*+{|)]|\(\||\|$|^\|", inner):
        return None
    # The converter puts quotes around it, which alternatives would part.
    return f"^({inner})$"
