"""Words as they are searched for: folded, and cut into the terms of the index (pure).

Where a script has no spaces between words its terms are two characters, each with the
next; elsewhere they are whole words. What the index finds is looked for in the text
itself afterwards, so a term may promise more than is there, never less.
"""

from __future__ import annotations

import re
from unicodedata import normalize

# Kana, Han, Hangul (written with spaces, and still searched by parts of words), and the
# scripts of South East Asia. Source: the block names of the Unicode standard.
_GRAMS = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
    "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
_LETTER = f"[^\\W_{_GRAMS}]"
_RUN = re.compile(f"(?P<grams>[{_GRAMS}]+)|{_LETTER}+")
_STARTS_WORD = re.compile(_LETTER)
# Long enough for any word, short enough that a pasted key or picture does not fill the index.
_LONGEST_TERM = 40
_SHORTEST_START = 3  # letters a word may be found by that begin it


def folded(text: str) -> str:
    """A text with what does not matter to a search taken away: case, width, ligatures.

    >>> folded("ＧＰＴ Straße")
    'gpt strasse'
    """
    if text.isascii():
        return text.lower()
    return normalize("NFKC", normalize("NFKC", text).casefold())


def terms(text: str) -> set[str]:
    """The terms a text is found by.

    >>> sorted(terms("Bees 会飞"))
    ['bees', '会飞', '飞']
    """
    found: set[str] = set()
    for run in _RUN.finditer(folded(text)):
        if run["grams"]:
            # The last character alone as well: each one then begins a term.
            found.update(run[0][at : at + 2] for at in range(len(run[0])))
        else:
            found.add(run[0][:_LONGEST_TERM])
    return found


def wanted(words: str) -> list[str]:
    """The words of a search: folded, without what is no letter at their ends.

    >>> wanted("C++ (foo.bar), 会飞!")
    ['c', 'foo.bar', '会飞']
    """
    found = []
    for word in folded(words).split():
        if runs := list(_RUN.finditer(word)):
            found.append(word[runs[0].start() : runs[-1].end()])
    return found


def query(word: str) -> str:
    """What to ask the index for a word of `wanted`, in the index's own language.

    A word may go on where it ends in the search, so its last run may be the start of a
    term.

    >>> query("bee"), query("of"), query("foo.bar"), query("会飞"), query("会")
    ('"bee" *', '"of"', '"foo" "bar" *', '"会飞"', '"会" *')
    """
    *whole, last = _RUN.finditer(word)
    asked = [f'"{term}"' for run in whole for term in sorted(terms(run[0]))]
    grams = [last[0][at : at + 2] for at in range(len(last[0]) - 1)]
    if last["grams"] and grams:
        asked += [f'"{gram}"' for gram in grams]
    else:
        asked.append(f'"{last[0][:_LONGEST_TERM]}"{"" if _is_short(last) else " *"}')
    return " ".join(asked)


def pattern(word: str) -> re.Pattern[str]:
    """Finds a word of `wanted` in a folded text: where a word begins, if the script has words.

    One or two letters are a whole word: they begin too many others.
    """
    *_, last = _RUN.finditer(word)
    literal = re.escape(word)
    # What stands before is asked last: a pattern that begins with letters is sought fast.
    before = f"(?<!{_LETTER}{literal})" if _STARTS_WORD.match(word) else ""
    after = f"(?!{_LETTER})" if _is_short(last) else ""
    return re.compile(literal + before + after)


def _is_short(run: re.Match[str]) -> bool:
    return not run["grams"] and len(run[0]) < _SHORTEST_START
