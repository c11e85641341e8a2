"""What `edge cloud status` tells: the settings in force, and where the key comes from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from edge.cli.words import cloud as words
from edge.core.cloud import Cap, CloudMode
from edge.core.errors import UsageError
from edge.core.say import say
from edge.models.catalog import load_catalog, with_own_clouds
from edge.models.clouds import cloud_models
from edge.routing.detect.all import detectors_ready
from edge.routing.policy_file import choose_policy
from edge.settings.cloud import CloudSettings, load_cloud
from edge.settings.folders import Folders
from edge.settings.keys import KeptKey, find_key, key_variable
from edge.store.caps import effective_caps

# Of a shorter key too much would be shown.
_SHOW_END_OF = 12


@dataclass(frozen=True, slots=True)
class State:
    """The settings, the models in use, and the key or what is wrong with it."""

    settings: CloudSettings
    models: tuple[str, ...]
    key: KeptKey | None
    key_fault: str
    policy: str
    caps: tuple[Cap, ...]
    detectors_ready: bool


def state_of(folders: Folders) -> State:
    """Look at all of it; sends nothing."""
    settings = load_cloud(folders)
    clouds = with_own_clouds(load_catalog(), folders.config / "clouds.toml").clouds
    models = tuple(spec.name for spec in cloud_models(settings, clouds))
    key, fault = None, ""
    try:
        key = find_key(settings.provider.name, folders)
    except UsageError as error:
        fault = error.line()
    policy, caps = policy_in_force(settings, folders)
    return State(settings, models, key, fault, policy, caps, detectors_ready())


def policy_in_force(settings: CloudSettings, folders: Folders) -> tuple[str, tuple[Cap, ...]]:
    """The name of the policy in force, or what is wrong with it; and the caps with its own."""
    try:
        policy = choose_policy(settings.policy, folders.config / "policy.toml")
    except UsageError as error:
        return error.line(), settings.caps
    name = "offline" if settings.mode is CloudMode.OFF else policy.name
    return name, effective_caps(policy.caps, settings.caps)


def rows(state: State) -> Iterator[tuple[str, str]]:
    """What it is called, and what it is."""
    settings = state.settings
    yield "mode", words.mode(settings.mode, settings.mode_from)
    yield "provider", f"{settings.provider.name}, {settings.provider.host}"
    yield "model", ", ".join(state.models)
    yield "key", state.key_fault or _key(state, settings.provider.name)
    yield "policy", state.policy
    yield "new", words.label(settings.new_label)
    yield "budget", say(", ").join(map(words.cap, state.caps)) or words.no_caps()
    if not state.detectors_ready:
        yield "detectors", say("; ").join([words.detectors_missing(), words.how_to_install()])
    yield "", words.how_to_turn_on(False) if settings.mode is CloudMode.OFF else words.turn_off()


def document(state: State) -> dict[str, Any]:
    """The same for programs."""
    settings, provider = state.settings, state.settings.provider
    return {
        "mode": settings.mode.value,
        "mode_from": settings.mode_from,
        "provider": provider.name,
        "host": provider.host,
        "region": provider.region,
        "models": list(state.models),
        "key": {"from": state.key.origin, "ends": _end(state.key)} if state.key else None,
        "key_fault": state.key_fault or None,
        "policy": state.policy,
        "new_conversations": settings.new_label.name.lower(),
        "strict_model": settings.strict_model,
        "budget": [
            {
                "scope": cap.scope.value,
                "amount": f"{cap.limit.amount:f}",
                "currency": cap.limit.currency,
            }
            for cap in state.caps
        ],
        "detectors_ready": state.detectors_ready,
    }


def _key(state: State, provider: str) -> str:
    if state.key is None:
        return words.nothing_kept(key_variable(provider))
    return words.key(state.key.origin, _end(state.key))


def _end(key: KeptKey) -> str:
    """The last four letters, by which a person tells keys apart."""
    text = key.secret.reveal()
    return text[-4:] if len(text) >= _SHOW_END_OF else ""
