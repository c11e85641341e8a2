"""What opens doors: API keys, private keys, tokens, and passwords where they are assigned."""

from __future__ import annotations

import re
from collections.abc import Iterator

from edge.routing.detect.finding import Finding
from edge.routing.detect.reading import Reading


def find_keys(reading: Reading) -> Iterator[Finding]:
    """Keys by the prefixes their makers gave them, passwords by the word before them."""
    for kind, sign, pattern in _BY_FORM:
        for found in pattern.finditer(reading.text) if sign in reading.text else ():
            yield reading.finding(kind, *found.span())
    if any(word in reading.low for word in _PASSWORD_WORDS):
        yield from _passwords(reading)


_KEY = re.compile(
    r"(?<![0-9A-Za-z])(?:"
    r"sk-[0-9A-Za-z_\-]{16,}"  # OpenAI, DashScope, Anthropic (sk-ant-), OpenRouter (sk-or-)
    r"|(?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{16}"  # Amazon
    r"|LTAI[0-9A-Za-z]{12,26}"  # Alibaba Cloud
    r"|AKID[0-9A-Za-z]{13,40}"  # Tencent Cloud
    r"|AIza[0-9A-Za-z_\-]{30,}"  # Google
    r"|ya29\.[0-9A-Za-z_\-]{20,}"
    r"|gh[pousr]_[0-9A-Za-z]{30,}|github_pat_[0-9A-Za-z_]{30,}"
    r"|glpat-[0-9A-Za-z_\-]{16,}"  # GitLab
    r"|xox[abeoprs]-[0-9A-Za-z\-]{10,}|xapp-[0-9A-Za-z\-]{10,}"  # Slack
    r"|[rsp]k_(?:live|test)_[0-9A-Za-z]{16,}|whsec_[0-9A-Za-z]{16,}"  # Stripe
    r"|hf_[0-9A-Za-z]{24,}|npm_[0-9A-Za-z]{30,}|pypi-[0-9A-Za-z_\-]{40,}"
    r"|SG\.[0-9A-Za-z_\-]{16,}\.[0-9A-Za-z_\-]{16,}"  # SendGrid
    r"|dop_v1_[0-9a-f]{32,}|gsk_[0-9A-Za-z]{30,}|xai-[0-9A-Za-z]{30,}|r8_[0-9A-Za-z]{30,}"
    r"|AGE-SECRET-KEY-1[0-9A-Z]{40,}"
    r"|[0-9]{8,10}:AA[0-9A-Za-z_\-]{32,}"  # Telegram
    r")"
)
_PRIVATE_KEY = re.compile(
    r"-----\s?BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?\s?-----"
    r"(?:[^-]{0,8000}(?:-----END[^-]{0,60}-----)?)?"
)
_PUTTY_KEY = re.compile(r"PuTTY-User-Key-File-[0-9]:")
_JWT = re.compile(r"eyJ(?<![0-9A-Za-z_\-]...)[\w\-]{8,}\.[\w\-]{8,}(?:\.[\w\-]*)?")
_BEARER = re.compile(
    r"(?:[Bb]earer|BEARER|Basic)\s+(?=[^\s]{0,60}[0-9=])[0-9A-Za-z._~+/\-]{16,}={0,2}"
)
_IN_ADDRESS = re.compile(r"(?<=://)[^\s:/@<{$]{1,64}:[^\s/@<{$]{3,128}(?=@)")

# With what each must contain: a search in C that nearly always says no.
_BY_FORM = (
    ("api_key", "", _KEY),
    ("private_key", "-----", _PRIVATE_KEY),
    ("private_key", "PuTTY", _PUTTY_KEY),
    ("token", "eyJ", _JWT),
    ("token", "earer ", _BEARER),
    ("token", "BEARER", _BEARER),
    ("token", "Basic ", _BEARER),
    ("password", "://", _IN_ADDRESS),
)


def _passwords(reading: Reading) -> Iterator[Finding]:
    """`password = "…"`, "密码:…", "the password is …": the value, unless it is a stand-in."""
    for found in _ASSIGNED.finditer(reading.low):
        start, end = found.span("quoted") if found["quoted"] else found.span("bare")
        if _is_secret(reading.text[start:end], quoted=bool(found["quoted"])):
            yield reading.finding("password", start, end)


_PASSWORD_WORDS = (
    *("password", "passwd", "passcode", "passphrase", "passwort", "pwd", "secret", "token"),
    *("api key", "api_key", "api-key", "apikey", "access_key", "access key", "accesskey"),
    *("private_key", "auth_key", "credential", "pin:", "pin code", "pin is"),
    *("密码", "密碼", "口令", "密钥", "秘钥", "验证码"),
)
_WORD = "|".join(word.rstrip(":") for word in _PASSWORD_WORDS if word != "pin is")
# Tokens are also what models count: "max_tokens = 4096". All but the word is looked ahead
# at, so that a value which is none ("密码是password: …") can itself be the word.
_ASSIGNED = re.compile(
    rf"(?:{_WORD})(?=(?:(?<!token)[0-9a-z_\-]{{0,24}}|(?![0-9a-z_\-]))"
    r"(?:[\"'`]?\s{0,3}(?::=|=>|[:=](?!=))\s{0,3}|[\"'`]?\s{0,2}(?:\bis\b|是|为)\s{0,3}:?\s?)"
    r"(?:[\"'`“‘](?P<quoted>[^\s\"'`”’]{4,200})[\"'`”’]|(?P<bare>[0-9a-z!@#$%^&*_+~\-][!-~]{3,199})))"
)
_STAND_IN = re.compile(
    r"[<{$%*•.\[]|x{3}|your|change|example|none|null|true|false|todo|secret$|password$|os\.|env"
)
# A call, a name with dots, a plain word: code, or the name of a type or a field.
_CODE = re.compile(r"[A-Za-z_][\w.]*[(\[]|[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+$|[A-Za-z_]+$")
_SHORTEST = 4


def _is_secret(value: str, *, quoted: bool) -> bool:
    """Whether somebody made this value up; a bare one needs a digit or a sign within it."""
    if _STAND_IN.match(value.lower()):
        return False
    value = value if quoted else value.rstrip(",;:.()]}")
    return quoted or (len(value) >= _SHORTEST and _CODE.match(value) is None)
