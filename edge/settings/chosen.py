"""What the user chose and where it said so: flags > EDGE_* > config.toml > default.

The tables of the cloud, of privacy and of the budget stand in the same file and are
read by edge.settings.cloud. Nothing here writes when imported or loaded.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from edge.core.conversation import WhenFull
from edge.core.errors import UsageError
from edge.core.memory import MemoryPolicy
from edge.core.say import noted, say, say_noted
from edge.settings.config_file import BESIDE, read_config
from edge.settings.folders import Folders
from edge.settings.table import looks_like_key, near, shown

DEFAULT = "default"
_POLICIES = tuple(MemoryPolicy)
_WHEN_FULL = tuple(WhenFull)
_LANGUAGES = ("en", "zh_CN", "zh-CN", "zh")
FLAG = "flag"
_YES = frozenset({"1", "true", "yes", "on"})
_NO = frozenset({"0", "false", "no", "off"})
_KIND_NAMES = {
    bool: noted("true or false"),
    int: noted("a whole number"),
    float: noted("a number"),
    str: noted("text"),
}


@dataclass(frozen=True, slots=True)
class _Rule:
    """What a setting may be: `low` and `high` bound a number, or the length of a text.

    `flag` is what to type for it in a command; empty where no command has one.
    `among` are the only values it may have, where they are few.
    """

    kind: type
    example: str
    flag: str = ""
    low: float = -math.inf
    high: float = math.inf
    among: tuple[str, ...] = ()

    def wanted(self) -> str:
        """The rule in words."""
        if self.among:
            return say("one of {words}", words=", ".join(self.among))
        if self.kind is str:
            return say("text that is not empty") if self.low > 0 else say("text in valid UTF-8")
        bounds = [say("at least {n:g}", n=self.low)] if self.low > -math.inf else []
        bounds += [say("at most {n:.10g}", n=self.high)] if self.high < math.inf else []
        return " ".join([say_noted(_KIND_NAMES[self.kind]), say(" and ").join(bounds)]).strip()

    def read(self, value: object) -> Any:
        """The value as this kind; raises ValueError when it is another kind or out of range."""
        if self.kind is float and type(value) is int:
            value = float(value)
        if type(value) is not self.kind:
            raise ValueError("another kind")
        if isinstance(value, str):
            value.encode()  # a lone surrogate cannot be stored or sent to an engine
        if self.among and value not in self.among:
            raise ValueError("not one of them")
        size = len(value) if isinstance(value, str) else value
        if isinstance(size, (int, float)) and not self.low <= size <= self.high:
            raise ValueError("out of range")
        return value

    def read_text(self, text: str) -> Any:
        """The value an environment variable spells; raises ValueError as `read` does."""
        if self.kind is bool:
            if text.lower() not in _YES | _NO:
                raise ValueError("another kind")
            return text.lower() in _YES
        return self.read(self.kind(text))


def _setting(default: object, rule: _Rule) -> Any:
    return field(default=default, metadata={"rule": rule})


@dataclass(frozen=True, slots=True)
class Settings:
    """The values in force. None leaves the choice to the model or the machine."""

    model: str | None = _setting(None, _Rule(str, "qwen3-0.6b", "--model", low=1))
    n_ctx: int | None = _setting(None, _Rule(int, "4096", "--ctx", low=256, high=2**24))
    n_threads: int | None = _setting(None, _Rule(int, "4", "--threads", low=1, high=1024))
    thinking: bool | None = _setting(None, _Rule(bool, "true", "--think"))
    system: str | None = _setting(None, _Rule(str, "Answer in one sentence.", "--system"))
    temperature: float | None = _setting(None, _Rule(float, "0.7", "--temperature", low=0, high=5))
    max_tokens: int | None = _setting(None, _Rule(int, "512", "--max-tokens", low=1, high=2**24))
    # llama.cpp reads 2**32 - 1 as "draw a seed", so it is not a seed one can ask for.
    seed: int | None = _setting(None, _Rule(int, "42", "--seed", low=0, high=2**32 - 2))
    cpu_only: bool = _setting(False, _Rule(bool, "true", "--cpu"))
    memory: str = _setting("auto", _Rule(str, "low", "--memory", among=_POLICIES))
    when_full: str = _setting("slide", _Rule(str, "summarise", "--when-full", among=_WHEN_FULL))
    unload_after_s: int | None = _setting(None, _Rule(int, "600", low=0, high=10**9))
    snapshots: bool = _setting(True, _Rule(bool, "false", "--no-snapshots"))
    save: bool = _setting(True, _Rule(bool, "false", "--no-save"))
    offline: bool = _setting(False, _Rule(bool, "true"))
    # Spoken before settings are read: edge.settings.language.
    lang: str | None = _setting(None, _Rule(str, "en", "--lang", among=_LANGUAGES))
    origins: Mapping[str, str] = field(default_factory=dict, compare=False)

    def origin(self, name: str) -> str:
        """Where a value comes from: "flag", the EDGE_* variable, the file's path, or "default"."""
        if name not in _RULES:
            raise _unknown(name, say("asked for"))
        return self.origins.get(name, DEFAULT)


_RULES: Mapping[str, _Rule] = {
    entry.name: entry.metadata["rule"] for entry in fields(Settings) if "rule" in entry.metadata
}


def env_name(name: str) -> str:
    """The environment variable of a setting.

    >>> env_name("n_ctx"), env_name("max_tokens")
    ('EDGE_CTX', 'EDGE_MAX_TOKENS')
    """
    return f"EDGE_{name.removeprefix('n_').upper()}"


def load_settings(
    *,
    flags: Mapping[str, object] | None = None,
    environ: Mapping[str, str] = os.environ,
    folders: Folders | None = None,
) -> Settings:
    """Merge flags, environment and config file; the first that names a value wins.

    A flag that is None and a variable that is empty count as not given. Raises
    UsageError naming the origin of a value that is unknown, of the wrong kind
    or out of range, also when a stronger origin would have hidden it.
    """
    folders = folders or Folders.find(environ)
    path = folders.config_file
    values = flat_settings(read_config(path), path)
    origins = dict.fromkeys(values, str(path))
    for name in _RULES:
        if environ.get(env_name(name)):
            origins[name] = env_name(name)
            values[name] = _checked(name, environ[origins[name]], origins[name])
    for name, value in (flags or {}).items():
        if value is not None:
            values[name], origins[name] = _checked(name, value, FLAG), FLAG
    return Settings(**values, origins=origins)


def flat_settings(document: Mapping[str, object], path: Path) -> dict[str, Any]:
    """The settings of a document that was read from `path`, checked; raises UsageError."""
    flat = {name: value for name, value in document.items() if name not in BESIDE}
    return {name: _checked(name, value, str(path)) for name, value in flat.items()}


def _checked(name: str, value: object, origin: str) -> Any:
    if name not in _RULES:
        raise _unknown(name, say("from {origin}", origin=origin))
    rule = _RULES[name]
    try:
        # Only a variable arrives as text that spells another kind.
        spelled = origin == env_name(name) and isinstance(value, str)
        return rule.read_text(str(value)) if spelled else rule.read(value)
    except (ValueError, OverflowError) as cause:
        raise UsageError(
            say(
                "{name} is {said} (from {origin}) and must be {wanted}",
                name=name,
                said=shown(value),
                origin=origin,
                wanted=rule.wanted(),
            ),
            hint=_correction(name, rule, origin),
        ) from cause


def _correction(name: str, rule: _Rule, origin: str) -> str:
    example = f'"{rule.example}"' if rule.kind is str else rule.example
    if origin == env_name(name):
        return f"export {origin}={example}"
    if origin == FLAG and rule.flag:
        return rule.flag if rule.kind is bool else f"{rule.flag} {example}"
    return f"{name} = {example}"


def _unknown(name: str, where: str) -> UsageError:
    said = say("something like a key") if looks_like_key(name) else repr(name)
    return UsageError(
        say("there is no setting {said} ({where})", said=said, where=where),
        hint=near(name, (*_RULES, *BESIDE)),
    )
