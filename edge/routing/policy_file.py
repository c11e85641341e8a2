"""Policies as files: read and checked, the built-in ones, and which one is in force.

A policy's hash is that of what its file says, not of how: comments, spaces and the
order of keys do not change it. The order of rules does.
"""

from __future__ import annotations

import hashlib
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from edge.core.decision import Target
from edge.core.errors import UnknownName, UsageError
from edge.core.say import say
from edge.routing.policy import CloudModel, Escalate, Handoff, Policy
from edge.routing.policy_parts import read_caps, read_name, read_rule, read_score
from edge.routing.policy_sense import check_sense
from edge.routing.toml_text import Node, near, parse

BUILT_IN = ("offline", "edge-first", "balanced", "cloud-first", "longest-context")
USUAL = "edge-first"  # once the cloud is turned on
SCHEMA_VERSION = 1
_MOST_BYTES = 256 * 1024
_KEYS = (
    "schema_version",
    "name",
    "default",
    "cloud",
    "cloud_model",
    "escalate",
    "handoff",
    "hedge",
    "budget",
    "rules",
    "scores",
    "stay",
)


def load_policy(text: str, source: str) -> Policy:
    """The policy a TOML text describes; `source` is its name in complaints.

    Raises UsageError, with line and suggestion, for what is unknown, of the wrong
    kind, or cannot be meant.
    """
    node = parse(text, source)
    node.known(_KEYS)
    _check_version(node)
    policy = Policy(
        name=read_name(node),
        text_hash=_hash(node.value),
        rules=tuple(read_rule(each) for each in node.at("rules").tables()),
        scores=tuple(read_score(each) for each in node.at("scores").tables()),
        default=Target(node.at("default").choice([each.value for each in Target])),
        uses_cloud=node.at("cloud").yes() if "cloud" in node else True,
        escalate=Escalate(_choice(node, "escalate", list(Escalate))),
        handoff=Handoff(_choice(node, "handoff", list(Handoff))),
        hedge=node.at("hedge").yes() if "hedge" in node else False,
        stay_bonus_s=_stay(node),
        cloud_model=CloudModel(_choice(node, "cloud_model", list(CloudModel))),
        caps=read_caps(node.at("budget")),
        text=text,
    )
    check_sense(policy, node)
    return policy


def policy_text(name: str) -> str:
    """The text of a built-in policy; raises UnknownName."""
    if name not in BUILT_IN:
        raise UnknownName(
            say("there is no built-in policy {name!r}", name=name), hint=near(name, BUILT_IN)
        )
    return (Path(__file__).parent / "policies" / f"{name}.toml").read_text("utf-8")


def built_in(name: str) -> Policy:
    """A built-in policy; raises UnknownName."""
    return load_policy(policy_text(name), f"{name}.toml")


def read_policy(path: Path) -> Policy:
    """The policy of a file; raises UsageError where it cannot be read or used."""
    return load_policy(read_text(path), str(path))


def choose_policy(named: str | None, policy_file: Path) -> Policy:
    """The policy in force: a built-in name, or a path, absolute or beside the user's file.

    None is the user's own `policy_file` where there is one, else the usual one.
    """
    if named is None:
        return read_policy(policy_file) if policy_file.exists() else built_in(USUAL)
    if named in BUILT_IN:
        return built_in(named)
    if "/" not in named and "\\" not in named and not named.endswith(".toml"):
        raise UnknownName(
            say("there is no policy {named!r}", named=named),
            hint=say("{near}, or a path ending .toml", near=near(named, BUILT_IN)),
        )
    return read_policy(policy_file.parent / Path(named).expanduser())


def read_text(path: Path) -> str:
    """The text of a small file; raises UsageError where there is none."""
    try:
        if not path.is_file():  # a pipe could be waited on for ever
            raise UsageError(
                say("there is no file {path!r}", path=str(path)), hint="edge policy init"
            )
        if path.stat().st_size > _MOST_BYTES:
            raise UsageError(
                say("{path!r} is too large", path=str(path)),
                hint=say("at most {n} bytes", n=_MOST_BYTES),
            )
        # Some editors put a byte order mark in front, which TOML does not know.
        return path.read_text(encoding="utf-8-sig")
    except OSError as cause:
        raise UsageError(
            say("cannot read {path!r}: {why}", path=str(path), why=cause.strerror),
            hint=f"ls -l {path}",
        ) from cause
    except UnicodeDecodeError as cause:
        raise UsageError(
            say("{path!r} is not UTF-8 text", path=str(path)), hint=say("save it as UTF-8")
        ) from cause


def _check_version(node: Node) -> None:
    version = node.at("schema_version").value
    if version != SCHEMA_VERSION or isinstance(version, bool):
        raise node.at("schema_version").must_be(
            say("{version}, which this edge reads", version=SCHEMA_VERSION), str(SCHEMA_VERSION)
        )


def _choice(node: Node, key: str, words: list[Any]) -> str:
    """One of the words; the first is what is meant where nothing is said."""
    return node.at(key).choice([word.value for word in words]) if key in node else words[0].value


def _stay(node: Node) -> float:
    if "stay" not in node:
        return 0.0
    table = node.at("stay").table("{ bonus_s = 1.5 }")
    table.known(("bonus_s",))
    bonus_s = float(table.at("bonus_s").number("1.5"))
    if not 0 <= bonus_s <= 3600:
        raise table.at("bonus_s").must_be(say("from 0 to 3600 seconds"), "1.5")
    return bonus_s


def _hash(document: dict[str, Any]) -> str:
    """SHA-256 of a document as canonical JSON; amounts are texts, so that no digit is lost."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: object) -> str:
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)
