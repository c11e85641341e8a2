"""The body of one request to an OpenAI-compatible cloud: what was cleared, and how to answer."""

from __future__ import annotations

import json
from hashlib import sha256

from edge.core.cloud import Dialect, Permit, Sent
from edge.core.message import Cleared, Role
from edge.engine.protocol import CloudRequest

_SEEDS = 2**31  # DashScope takes seeds below this


def body_of(cleared: Cleared, request: CloudRequest, dialect: Dialect) -> bytes:
    """The exact bytes to send. No id of a user, a talk or a turn is among them.

    Raises RuntimeError where the reply is not bounded: its bound is what was reserved.
    Field names: the OpenAI chat completions API; enable_thinking and partial are
    DashScope's (Model Studio, "OpenAI compatible - Chat" and "Partial mode").
    """
    if request.sampling.max_tokens is None:
        raise RuntimeError("a cloud request says how long its reply may be")
    messages = [{"role": str(each.role), "content": each.text} for each in cleared.messages]
    fields = {"model": request.model, "messages": messages, **_manner(request)}
    if dialect is Dialect.DASHSCOPE:
        fields |= _dashscope(messages, request)
    # A lone half of a character has no UTF-8 form; nothing else is replaced.
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")


def sent_of(permit: Permit, body: bytes, place: tuple[str, str], model: str) -> Sent:
    """What is written down of a send before a byte leaves; `place` is its host and provider."""
    host, provider = place
    return Sent(
        host=host,
        provider=provider,
        model=model,
        turn_ids=permit.cleared.turn_ids,
        n_bytes=len(body),
        sha256=sha256(body).hexdigest(),
        reservation_id=permit.reservation.id,
        most=permit.reservation.most,
    )


def _manner(request: CloudRequest) -> dict[str, object]:
    sampling = request.sampling
    fields: dict[str, object] = {
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_tokens": sampling.max_tokens,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
    }
    if sampling.presence_penalty:
        fields["presence_penalty"] = sampling.presence_penalty
    if sampling.seed is not None:
        fields["seed"] = sampling.seed % _SEEDS
    if sampling.stop:
        fields["stop"] = list(sampling.stop)
    return fields


def _dashscope(messages: list[dict[str, str]], request: CloudRequest) -> dict[str, object]:
    """Its switch for thinking, and its mark on an answer that is to be continued.

    An answer is continued without thinking: the provider refuses the two together.
    """
    continues = bool(messages) and messages[-1]["role"] == Role.ASSISTANT
    marked: list[dict[str, object]] = [dict(each) for each in messages]
    if continues:
        marked[-1]["partial"] = True
    thinks = request.thinking and not continues
    # Thoughts are billed, and may not count among max_tokens: what was reserved bounds them.
    budget = {"thinking_budget": request.thinking_tokens} if thinks else {}
    return {"messages": marked, "enable_thinking": thinks, **budget}
