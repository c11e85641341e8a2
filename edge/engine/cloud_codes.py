"""What the codes and statuses of providers mean. The code decides before the status.

DashScope says with 400 that an account is overdue or a content refused, and with
429 that a bill is. Source: Model Studio's page of error messages, as of 2026-05-30.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from edge.core.cloud import Dialect
from edge.core.errors import CloudFault
from edge.core.say import noted


@dataclass(frozen=True, slots=True)
class Meaning:
    """A way to fail: how, in words (with the key or the model asked for), and what to do."""

    fault: CloudFault
    what: str
    hint: str


_KEY = Meaning(
    CloudFault.AUTH,
    noted("does not accept {key}"),
    noted("edge cloud login (a key belongs to one region)"),
)
_RIGHT = Meaning(
    CloudFault.AUTH,
    noted("denies {key} this access"),
    noted("grant it in the provider's console, or: edge cloud login"),
)
_MODEL = Meaning(
    CloudFault.MODEL,
    noted("has no model {model!r} for this key"),
    noted("edge cloud models, and choose one"),
)
_BILLING = Meaning(
    CloudFault.BILLING,
    noted("wants the account settled first"),
    noted("pay or top up in the provider's console, then: edge cloud test"),
)
_FREE_TIER = Meaning(
    CloudFault.BILLING,
    noted("says the free quota of {model!r} is used up"),
    noted("allow paid use in the provider's console, or: edge cloud models"),
)
_RATE = Meaning(
    CloudFault.RATE,
    noted("asks to slow down"),
    noted("send it again in a minute; the limits recover by then"),
)
_SERVER = Meaning(
    CloudFault.SERVER, noted("failed on its side"), noted("send it again, or: edge cloud test")
)
_REQUEST = Meaning(
    CloudFault.REQUEST,
    noted("refuses the request itself"),
    noted("another model (edge cloud models), or a shorter prompt"),
)
_SWITCH = Meaning(
    CloudFault.REQUEST,
    noted("says {model!r} has no switch for thinking"),
    noted("another model: edge cloud models"),
)
_ELSEWHERE = Meaning(
    CloudFault.REQUEST,
    noted("sends us elsewhere, and redirects are not followed"),
    noted("edge cloud status, and check base_url"),
)
PAGE = Meaning(
    CloudFault.UNREACHABLE,
    noted("answered with a page, as a network's login does"),
    noted("log in to the network, or check base_url: edge cloud status"),
)

# Under their names without case, "_", "-" and spaces: both spellings are in use.
_FILTERS = frozenset({"datainspectionfailed", "contentfilter"})
_CODES = {
    "invalidapikey": _KEY,
    "incorrectapikey": _KEY,
    "notauthorized": _RIGHT,
    "accessdenied": _RIGHT,
    "app.accessdenied": _RIGHT,
    "workspace.accessdenied": _RIGHT,
    "accessdenied.unpurchased": _RIGHT,
    "model.accessdenied": _MODEL,
    "modelnotfound": _MODEL,
    "modelnotsupported": _MODEL,
    "workspacenotfound": _MODEL,
    "arrearage": _BILLING,
    "commoditynotpurchased": _BILLING,
    "prepaidbilloverdue": _BILLING,
    "postpaidbilloverdue": _BILLING,
    "allocationquota.freetieronly": _FREE_TIER,
    "throttling": _RATE,
    "limitrequests": _RATE,
    "limitburstrate": _RATE,
    "ratelimitexceeded": _RATE,
    "internalerror": _SERVER,
    "systemerror": _SERVER,
    "modelservicefailed": _SERVER,
    "modelservingerror": _SERVER,
    "modelunavailable": _SERVER,
    "requesttimeout": _SERVER,
    "invalidparameter.notsupportenablethinking": _SWITCH,
    "invalidparameter": _REQUEST,
    "invalidrequesterror": _REQUEST,
    "contextlengthexceeded": _REQUEST,
}
# The word on which the dialects disagree: tokens a minute at DashScope, money elsewhere.
_QUOTAS = frozenset({"insufficientquota", "throttling.allocationquota"})
_QUOTA = {Dialect.DASHSCOPE: _RATE, Dialect.OPENAI: _BILLING}
_STATUSES = {401: _KEY, 402: _BILLING, 403: _RIGHT, 404: _MODEL, 408: _SERVER, 410: _MODEL}
_STATUSES |= {425: _RATE, 429: _RATE, 511: PAGE}


def meaning_of(code: str, status: int, dialect: Dialect) -> Meaning:
    """What a refusal means; `status` is of HTTP, and 200 for an error within a stream."""
    for name in _names_in(code):
        if name in _QUOTAS:
            return _QUOTA[dialect]
        if name in _CODES:
            return _CODES[name]
    if 300 <= status < 400:
        return _ELSEWHERE
    if 400 <= status < 500:
        return _STATUSES.get(status, _REQUEST)
    return _STATUSES.get(status, _SERVER)


def is_filter(code: str) -> bool:
    """Whether the code is of a content filter: an answer, and no failure."""
    return any(name in _FILTERS for name in _names_in(code))


def is_known(code: str) -> bool:
    """Whether the code is one of those we know."""
    return any(name in _CODES.keys() | _FILTERS | _QUOTAS for name in _names_in(code))


def _names_in(code: str) -> list[str]:
    """A code and its parts, the most telling first.

    "InternalError.Algo.DataInspectionFailed" is a refused content, "Throttling.User" a rate.
    """
    parts = re.sub(r"[ _-]", "", code.lower()).split(".")
    tails = [".".join(parts[at:]) for at in range(len(parts))]
    heads = [".".join(parts[:end]) for end in range(len(parts) - 1, 0, -1)]
    return tails + heads
