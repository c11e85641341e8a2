"""What a provider says instead of an answer, read with care, as our errors.

Of its words only the code and the request's id are shown: its message may repeat
the prompt.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from edge.core.cloud import Provider, Secret
from edge.core.errors import CloudAuth, CloudError, CloudFault, CloudUnavailable
from edge.core.say import say, say_noted
from edge.engine.cloud_codes import PAGE, is_filter, is_known, meaning_of

LONGEST_WAIT_S = 86_400.0  # whoever asks for more means: not today
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.\-]{0,63}")


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a provider said instead of an answer, without its message."""

    status: int
    code: str = ""
    request_id: str = ""
    retry_after_s: float | None = None

    @property
    def is_filter(self) -> bool:
        """Whether its content filter refused, which is an answer and no failure."""
        return is_filter(self.code)


@dataclass(frozen=True, slots=True)
class Asked:
    """Whom we asked for which model, and with which key; for what errors say."""

    provider: Provider
    model: str
    key: Secret | None = None

    @property
    def who(self) -> str:
        """The provider for the eye."""
        return f"{self.provider.name} ({self.provider.host})"

    def without_key(self, word: str) -> str:
        """A word of the provider, or nothing where it hands us our key back."""
        return "" if self.key is not None and self.key.reveal() in word else word


def refusal_of(status: int, body: bytes, headers: Mapping[str, str], now_utc: datetime) -> Refusal:
    """What an answer that is no stream says; header names in lower case."""
    said = refusal_in(parse_object(body)) or Refusal(status)
    return Refusal(
        status,
        said.code,
        said.request_id or _word(headers.get("x-request-id")),
        retry_after_s(headers.get("retry-after", ""), now_utc),
    )


def refusal_in(told: Mapping[str, object] | None) -> Refusal | None:
    """What an object says is wrong: {"error": {…}}, or DashScope's own {"code", "message"}.

    None where it says nothing of the kind.
    """
    if told is None:
        return None
    error = told.get("error")
    if not isinstance(error, Mapping):
        own = "code" in told and "choices" not in told
        error = told if own or (error and isinstance(error, str)) else None
    if not error:
        return None
    code, kind = error.get("code"), error.get("type")
    status = code if isinstance(code, int) and 100 <= code < 600 else 200
    named = _word(code) or (_word(kind) if is_known(_word(kind)) else "")
    request_id = _word(told.get("request_id")) or _word(told.get("id"))
    return Refusal(status, named, request_id)


def error_of(refusal: Refusal, asked: Asked) -> CloudError:
    """The error to raise for a refusal; without a word of the talk or the key."""
    meaning = meaning_of(refusal.code, refusal.status, asked.provider.dialect)
    key = say("a request without a key") if asked.key is None else repr(asked.key)
    what = say_noted(meaning.what, key=key, model=asked.model)
    code, request_id = asked.without_key(refusal.code), asked.without_key(refusal.request_id)
    status = f"HTTP {refusal.status}" if refusal.status != 200 else ""
    request = say("request {id}", id=request_id) if request_id else ""
    details = ", ".join(filter(None, [code, status, request]))
    return _class_of(meaning.fault, refusal.status)(
        f"{asked.who} {what}" + (f" ({details})" if details else ""),
        fault=meaning.fault,
        hint=say_noted(meaning.hint),
        retry_after_s=refusal.retry_after_s,
        provider_code=code,
    )


def page_error(asked: Asked) -> CloudError:
    """The error for a web page where a stream should be."""
    what = f"{asked.who} {say_noted(PAGE.what)}"
    return CloudUnavailable(what, fault=PAGE.fault, hint=say_noted(PAGE.hint))


def retry_after_s(text: str, now_utc: datetime) -> float | None:
    """The wait a Retry-After header asks for (RFC 9110, 10.2.3): seconds, or until a date.

    None for what is neither; a day at most, and nothing for a date that has passed.

    >>> now = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
    >>> retry_after_s("2.5", now), retry_after_s("Sun, 01 Mar 2026 12:00:30 GMT", now)
    (2.5, 30.0)
    """
    text = text.strip()
    if re.fullmatch(r"[0-9]{1,300}(\.[0-9]{1,9})?", text):
        return min(float(text), LONGEST_WAIT_S)
    try:
        when = parsedate_to_datetime(text)
        seconds = (when.replace(tzinfo=when.tzinfo or UTC) - now_utc).total_seconds()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return min(max(seconds, 0.0), LONGEST_WAIT_S)


def parse_object(text: str | bytes) -> dict[str, object] | None:
    """A JSON object, or None for anything else, however it is broken."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _class_of(fault: CloudFault, status: int) -> type[CloudError]:
    of_the_key = (CloudFault.MODEL, CloudFault.BILLING)
    if fault is CloudFault.AUTH or (fault in of_the_key and status in (401, 403)):
        return CloudAuth
    redirected = 300 <= status < 400
    return CloudError if fault is CloudFault.REQUEST and not redirected else CloudUnavailable


def _word(found: object) -> str:
    """A word that can be shown: a code or an id, and nothing that could be a sentence."""
    if found == "NOT AUTHORIZED":  # the one code with a space in it
        return "NOT_AUTHORIZED"
    return found if isinstance(found, str) and _WORD.fullmatch(found) else ""
