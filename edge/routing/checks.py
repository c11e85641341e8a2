"""What can be seen to be wrong with an answer without understanding it.

Each check would rather be silent than wrong: what it names is shown to people
and costs money. Their time grows with the length of the answer and no faster.
"""

from __future__ import annotations

import json
import re
from typing import NoReturn

from edge.core.decision import Capability
from edge.core.event import StopReason
from edge.routing.arithmetic import has_wrong_arithmetic
from edge.routing.loops import is_repeating

EMPTY = "empty"
UNFINISHED = "unfinished"
REPEATING = "repeating"
BAD_JSON = "bad_json"
WRONG_ARITHMETIC = "wrong_arithmetic"
REFUSED = "refused"

CHECKS = (EMPTY, UNFINISHED, REPEATING, BAD_JSON, WRONG_ARITHMETIC, REFUSED)


def checks(answer: str, stop_reason: StopReason, capability: Capability) -> tuple[str, ...]:
    """The names of the checks an answer did not pass, in the order of CHECKS."""
    if not answer.strip(_BLANK):
        return (EMPTY,)
    failed = {
        UNFINISHED: _is_unfinished(answer, stop_reason),
        REPEATING: is_repeating(answer),
        BAD_JSON: capability is Capability.JSON and not _is_json(answer),
        WRONG_ARITHMETIC: has_wrong_arithmetic(answer),
        REFUSED: _is_refusal(answer),
    }
    return tuple(name for name, is_so in failed.items() if is_so)


# White space, and what takes no room on a screen.
_BLANK = " \t\r\n\v\f\u00a0\u3000\u200b\u200c\u200d\u2060\ufeff"


# Unfinished.

# The model said itself that this is the end; anything else cut it off.
_ENDED = (StopReason.END, StopReason.STOP_STRING)
_SENTENCE_ENDS = frozenset(".!?。！？…;；\"'”’」』)）]】}》>`*_|~$")
# Nobody ends on these; a list without full stops, a name or a number is an end.
_OPEN_ENDS = (
    *",:，、：(（[【{《“「『",
    *("以及", "因为", "但是", "如果", "例如", "比如", "包括", "并且", "而且", "或者"),
)
_OPEN_WORDS = frozenset(("the", "an", "and", "or", "but", "because", "of", "if", "which"))
_WORDS_OF_A_SENTENCE = 5  # "and" alone may be the answer to a question
_FENCE = re.compile(r"^[ \t]{0,12}(```+|~~~+)([^\n`]*)$", re.MULTILINE)
_OPENING, _CLOSING = "([{（【《「『“", ")]}）】》」』”"
_FACES = re.compile(r"[:;=][-']?[(\[{]")
_TAIL_CHARS = 600  # of a last paragraph; a bracket opened before it is a slip, not a cut


def _is_unfinished(answer: str, stop_reason: StopReason) -> bool:
    text = answer.rstrip(_BLANK)
    if _has_open_fence(text):
        return True
    if stop_reason not in _ENDED and text[-1] not in _SENTENCE_ENDS:
        return True
    end = _FACES.sub("", text[-_TAIL_CHARS:]).rstrip()
    words = end[-100:].split()
    is_open = len(words) >= _WORDS_OF_A_SENTENCE and words[-1] in _OPEN_WORDS
    return is_open or end.endswith(_OPEN_ENDS) or _has_open_bracket(end)


def _has_open_fence(text: str) -> bool:
    """Whether a block of code was begun and not ended; a longer fence may hold a shorter one."""
    mark = ""
    for found in _FENCE.finditer(text):
        if not mark:
            mark = found[1]
        elif found[1].startswith(mark) and not found[2].strip():
            mark = ""
    return bool(mark)


def _has_open_bracket(end: str) -> bool:
    """Whether the last paragraph opens more than it closes; kinds may mix, as in [0, 1)."""
    depth, is_code = 0, end.endswith(("```", "~~~"))
    for letter in "" if is_code else end.rpartition("\n\n")[2]:
        if letter in _OPENING:
            depth += 1
        elif letter in _CLOSING:
            depth = max(0, depth - 1)
    return depth > 0


# JSON.

_FENCED_JSON = re.compile(r"```(?:json|JSON)?[ \t]*\n(.*)\n[ \t]*```", re.DOTALL)


def _is_json(answer: str) -> bool:
    """Whether all of it is one JSON value; a fence around it is allowed."""
    text = answer.strip(_BLANK)
    fenced = _FENCED_JSON.fullmatch(text)
    try:
        json.loads(fenced[1] if fenced else text, parse_constant=_no_such_value)
    except (ValueError, RecursionError):
        return False
    return True


def _no_such_value(name: str) -> NoReturn:
    raise ValueError(f"JSON has no {name}")


# Refused.

# A long answer that begins with what it cannot do goes on with what it can.
_LONGEST_REFUSAL_CHARS = 800
_REFUSING = (
    r"(?:assist|help|provide|comply|fulfil+|answer|create|generate|write|produce|discuss|continue"
    r"|engage|support|share|offer|give|participate|access|browse|open|view|see|process|complete"
    r"|perform|do (?:that|this|so)|respond|translate)"
)
_CANNOT = (
    r"I(?:'m| am)? ?(?:can(?:no|')?t|can not|won't|will not|unable to|not able to|not allowed to"
    r"|not comfortable)"
)
_REFUSAL = re.compile(
    r"(?:(?:I(?:'m| am)(?: very| so| really| truly)? sorry|Sorry|My apologies|I apologi[sz]e"
    r"|Unfortunately|Regrettably|As an AI|As a (?:large )?language model)\b[^.!?\n]{0,60}?[,;.]?\s?"
    r"(?:but )?)?"
    + _CANNOT
    + r"\s(?:directly |currently |actually |simply |just )?"
    + _REFUSING
    + r"\b",
    re.IGNORECASE,
)
_REFUSAL_ZH = re.compile(
    r"(?:(?:非常|十分|很|真的)?(?:抱歉|对不起|遗憾|不好意思)|作为[^。！？\n]{0,24}?(?:AI|人工智能|模型|助手))"
    r"[^。！？\n]{0,16}?(?:我|本人|暂时|目前|还)(?:[^。！？\n您你]{0,12}?)"
    r"(?:无法|不能|不可以|没办法|没有办法|没有能力|不会)"
    r"(?:[^。！？\n]{0,10}?)(?:提供|回答|协助|帮助|帮|满足|完成|生成|访问|处理|讨论|给出|继续|执行|创作|写|查看|浏览|做|支持|打开)"
    r"|我(?:暂时|目前|现在)?(?:无法|不能|没办法)(?:为您|为你|直接|给您|给你|向您|向你|实时)?"
    r"(?:提供|回答|协助|帮助|满足|完成|生成|访问|处理|讨论|给出|继续|执行|创作|查看|浏览|打开)"
)


def _is_refusal(answer: str) -> bool:
    """Whether it begins with what it cannot do, and says little more."""
    text = answer.lstrip(_BLANK + "#*_>").replace("’", "'")
    if len(text) > _LONGEST_REFUSAL_CHARS:
        return False
    return bool(_REFUSAL.match(text) or _REFUSAL_ZH.match(text))
