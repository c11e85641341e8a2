"""What is known before a turn, without asking an engine: the prompt, the waits, the link (pure)."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from edge.core.decision import LinkState, Signals, Target
from edge.core.event import Usage

# The prompt.

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_DIGIT = re.compile(r"[0-9]")
_SPACE_APART = re.compile(r"(?<=\S) (?=[0-9]|[^\x00-\x7f])")
_BLANK = re.compile(r"\s+")
_MARKS = re.compile(r"[!-/:-@\[-`{-~]+")
_HAN = "\u3400-\u9fff\uf900-\ufaff"
_SCRIPTS = {  # tokens a character, on Qwen's vocabulary
    f"[{_HAN}]": 0.0,  # by how common each is
    "[\u3040-\u30ff]": 0.75,  # kana
    "[\uac00-\ud7a3]": 0.8,  # hangul
    "[\u00c0-\u024f]": 0.9,  # accented Latin: breaks the word it is in
    "[\u0370-\u052f]": 0.46,  # Greek, Cyrillic
    "[\u0590-\u06ff]": 0.5,  # Hebrew, Arabic
    "[\u0e00-\u0e7f]": 0.7,  # Thai
}
_BY_SCRIPT = tuple((re.compile(f"{chars}+"), tokens) for chars, tokens in _SCRIPTS.items())
_ELSE = re.compile(f"[^\\x00-\\x7f{''.join(chars[1:-1] for chars in _SCRIPTS)}]")
_ELSE_TOKENS = 1.1
_COMMON_HAN_TOKENS, _RARE_HAN_TOKENS = 0.74, 1.05
# In GB 2312 the 3,755 characters of the first level, the common ones, end before this row.
_SECOND_LEVEL = b"\xd8"


def estimate_tokens(text: str) -> int:
    """About how many tokens Qwen's tokenizer makes of a text; without its vocabulary.

    It errs upwards: from 0 to 40 % for prose in English and Chinese, for code and
    for numbers; classical verse comes out up to 8 % low, unknown words and base64 up
    to a quarter. The weights are fitted to counts of the real tokenizer.

    >>> estimate_tokens("What is the capital of France?"), estimate_tokens("3.14159")
    (8, 7)
    """
    words = _WORD.findall(text)
    total = sum(n * _word_tokens(len(word)) for word, n in Counter(words).items())
    total += 0.25 * sum(1 for word in words if len(word) > 2 and word.isupper())
    total += len(_DIGIT.findall(text)) + len(_SPACE_APART.findall(text))
    total += sum(n * _blank_tokens(run) for run, n in Counter(_BLANK.findall(text)).items())
    marks = Counter(map(len, _MARKS.findall(text)))
    total += sum(n * (1 if length < 3 else 1 + (length - 2) / 2.5) for length, n in marks.items())
    return math.ceil(total if text.isascii() else total + _beyond_ascii(text))


def _word_tokens(n_chars: int) -> float:
    return 1 if n_chars <= 6 else 1 + (n_chars - 6) / 6.5


def _blank_tokens(run: str) -> float:
    """White space joins what follows it, but for line ends and what stands before them."""
    ends_line = "\n" in run or "\r" in run
    indent = len(run) - 1 - max(run.rfind("\n"), run.rfind("\r"))
    return ends_line + (indent > 1) * (1 + indent / 64)


def _beyond_ascii(text: str) -> float:
    total = _ELSE_TOKENS * len(_ELSE.findall(text))
    for script, tokens in _BY_SCRIPT:
        total += tokens * sum(map(len, script.findall(text)))
    han = Counter("".join(_BY_SCRIPT[0][0].findall(text)))
    return total + sum(
        n * (_COMMON_HAN_TOKENS if _is_common(char) else _RARE_HAN_TOKENS)
        for char, n in han.items()
    )


def _is_common(han: str) -> bool:
    return b"?" < han.encode("gb2312", "replace") < _SECOND_LEVEL


# Words that make a language, each in one of these alone.
_FUNCTION_WORDS = {
    "en": "the and is are was you what how that this with for have do can my of to it in",
    "de": "der und ist nicht ich ein eine das wie mit auf für zu wir bitte",
    "fr": "le les est et une pas je vous que dans pour avec qui sur des du",
    "es": "el los una por qué como para con las está del cómo mi lo",
    "it": "il che di non sono per come gli della questo più una cosa",
    "pt": "os não uma para com você que como em da dos mais",
}
_VOTES = {language: frozenset(words.split()) for language, words in _FUNCTION_WORDS.items()}
_LETTER_SCRIPTS = {
    "ja": re.compile("[\u3040-\u30ff]"),
    "ko": re.compile("[\uac00-\ud7a3]"),
    "zh": re.compile(f"[{_HAN}]"),
    "ru": re.compile("[\u0400-\u052f]+"),
    "ar": re.compile("[\u0600-\u06ff]+"),
    "th": re.compile("[\u0e00-\u0e7f]{2}"),
    "hi": re.compile("[\u0900-\u097f]+"),
}
_LATIN = re.compile("[A-Za-z\u00c0-\u024f]+")
_MAJORITY = 0.6
_LEAST_VOTES = 0.05  # a word in twenty: prose has far more of them, tables and code have fewer
_READ_CHARS = 8000  # enough to tell, and a bound on the time it takes


def language_of(text: str) -> str:
    """The language of a text, ISO 639-1; empty where it is mixed, or cannot be told.

    By its script, and for Latin letters by the small words of six languages.

    >>> language_of("How do I sort this list?"), language_of("用 Python 写一个排序函数")
    ('en', 'zh')
    """
    text = text[:_READ_CHARS]
    latin = _LATIN.findall(text.lower())
    counts = {language: len(script.findall(text)) for language, script in _LETTER_SCRIPTS.items()}
    if counts["ja"] * 10 > counts["zh"]:  # kana among Chinese characters is Japanese
        counts["ja"], counts["zh"] = counts["ja"] + counts["zh"], 0
    total = sum(counts.values()) + len(latin)
    language, most = max(counts.items(), key=lambda each: each[1])
    if total and most >= _MAJORITY * total:
        return language
    return _latin_language(latin) if total and len(latin) >= _MAJORITY * total else ""


def _latin_language(words: Sequence[str]) -> str:
    votes = Counter({name: sum(w in small for w in words) for name, small in _VOTES.items()})
    (first, n), (_, second) = votes.most_common(2)
    return first if n > second and n >= _LEAST_VOTES * len(words) else ""


@dataclass(frozen=True, slots=True)
class Room:
    """Tokens that either side has for prompt and reply together, and what a reply may take."""

    edge_tokens: int
    cloud_tokens: int
    reply_tokens: int


def with_prompt(signals: Signals, text: str, room: Room, past_tokens: int = 0) -> Signals:
    """Signals with all that is measured of a prompt; `past_tokens` is the talk before it."""
    new_tokens = estimate_tokens(text)
    prompt_tokens = past_tokens + new_tokens
    return replace(
        signals,
        prompt_tokens=prompt_tokens,
        new_tokens=new_tokens,
        reply_tokens=room.reply_tokens,
        context_free_tokens=room.edge_tokens - room.reply_tokens - prompt_tokens,
        cloud_free_tokens=room.cloud_tokens - room.reply_tokens - prompt_tokens,
        language=language_of(text),
    )


# The waits.

_NEWEST = 40  # turns of each side that still tell how it is now
_LEAST_NEW_TOKENS = 32  # of a shorter prefill the fixed costs are measured, not the speed
_LEAST_REPLY_TOKENS = 8
_LOAD_S = 0.5  # what goes before the prefill of a loaded model is shorter


@dataclass(frozen=True, slots=True)
class Waits:
    """What turns really took lately; None where nothing was measured.

    `load_s` is the wait before the prefill of a model that was not loaded.
    """

    prefill_tps: float | None = None
    edge_tps: float | None = None
    load_s: float | None = None
    cloud_p50_s: float | None = None
    cloud_p90_s: float | None = None
    cloud_tps: float | None = None

    def edge_wait_s(self, new_tokens: int, *, ready: bool) -> float | None:
        """The device's wait until its first word; of a cached prefix nothing is read again.

        None where the speed is not known, or the time to load and it must be.
        """
        load_s = 0.0 if ready else self.load_s
        if self.prefill_tps is None or load_s is None:
            return None
        return load_s + new_tokens / self.prefill_tps


def measured_waits(
    usages: Iterable[tuple[Target, str, Usage]], edge_model: str, cloud_model: str
) -> Waits:
    """The waits that usages tell, newest first, of these two models alone."""
    usages = tuple(usages)
    edge = [u for t, model, u in usages if t is Target.EDGE and model == edge_model][:_NEWEST]
    cloud = [u for t, model, u in usages if t is Target.CLOUD and model == cloud_model][:_NEWEST]
    ttfts = [usage.ttft_s for usage in cloud if usage.ttft_s > 0]
    return Waits(
        prefill_tps=quantile(_each(edge, _prefill_tps), 0.5),
        edge_tps=quantile(_each(edge, _decode_tps), 0.5),
        load_s=quantile(_each(edge, _load_s), 0.5),
        cloud_p50_s=quantile(ttfts, 0.5),
        cloud_p90_s=quantile(ttfts, 0.9),
        cloud_tps=quantile(_each(cloud, _decode_tps), 0.5),
    )


def quantile(values: Sequence[float], share: float) -> float | None:
    """The least value that `share` of all do not exceed (nearest rank); None of nothing.

    >>> quantile([3, 1, 2, 4], 0.5), quantile([3, 1, 2, 4], 0.9)
    (2, 4)
    """
    if not values:
        return None
    return sorted(values)[max(math.ceil(share * len(values)), 1) - 1]


def _each(usages: Sequence[Usage], of: Callable[[Usage], float | None]) -> list[float]:
    return [value for usage in usages if (value := of(usage)) is not None]


def _prefill_tps(usage: Usage) -> float | None:
    new_tokens = usage.prompt_tokens - usage.cached_tokens
    is_telling = new_tokens >= _LEAST_NEW_TOKENS and usage.prefill_s > 0
    return new_tokens / usage.prefill_s if is_telling else None


def _decode_tps(usage: Usage) -> float | None:
    is_telling = usage.completion_tokens >= _LEAST_REPLY_TOKENS and usage.decode_s > 0
    return usage.completion_tokens / usage.decode_s if is_telling else None


def _load_s(usage: Usage) -> float | None:
    before_s = usage.ttft_s - usage.prefill_s
    return before_s if before_s >= _LOAD_S else None


# The link.

_DOWN_AFTER = 2
_DOWN_S = 15.0


@dataclass(frozen=True, slots=True)
class Link:
    """Whether the network is there, from what the last sends met; times are of one clock.

    One failure says nothing yet: a machine that wakes or changes networks loses a
    packet, and that turn was answered here. The second in a row means down. One
    success means up at once. Down lapses, for nobody would notice otherwise that
    the network is back: after 15 s one send may try, and its failure is enough.
    """

    failures: int = 0
    failed_at_s: float = 0.0
    was_up: bool = False

    def after_success(self) -> Link:
        """Something was reached."""
        return Link(was_up=True)

    def after_failure(self, now_s: float) -> Link:
        """Nothing could be reached: no name, no connection, no TLS."""
        return Link(self.failures + 1, now_s, self.was_up and self.failures + 1 < _DOWN_AFTER)

    def state(self, now_s: float) -> LinkState:
        """What to believe now; a clock that went back tells nothing."""
        if self.failures < _DOWN_AFTER:
            return LinkState.UP if self.was_up else LinkState.UNKNOWN
        is_recent = 0 <= now_s - self.failed_at_s < _DOWN_S
        return LinkState.DOWN if is_recent else LinkState.UNKNOWN
