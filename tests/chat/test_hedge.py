"""A device that answers in waiting: it loses nothing of the talk for a reply nobody reads."""

from __future__ import annotations

import time

from edge.chat.answering import Answering
from edge.chat.asked import Asked, Wish
from edge.chat.hedge import Hedge
from edge.chat.on_device import OnDevice
from edge.core.conversation import Outcome, Summary, Turn, WhenFull
from edge.core.event import Delta, Notice, NoticeCode
from edge.core.message import Message, Role
from edge.core.spec import ModelSpec
from edge.engine.protocol import Cancel, EngineEvent
from edge.engine.scripted import ScriptedEngine

N_CTX = 1024


def asked_behind_much() -> Asked:
    """A prompt that does not fit beside the turn before it."""
    long = Message(Role.USER, "word " * 320)
    past = Turn("one", None, long, (), "", Outcome.FINISHED)
    return Asked("talk", Turn("two", "one", long, (), "", Outcome.OPEN), (past,), None, Wish(""))


def spoken(device: OnDevice, asked: Asked) -> Hedge:
    """The device in waiting, once it has said its first word."""
    hedge = Hedge(device, asked, 0.0)
    while not hedge.has_spoken():
        time.sleep(0.001)
    return hedge


def codes(events: list[EngineEvent]) -> list[NoticeCode]:
    return [event.code for event in events if isinstance(event, Notice)]


def test_what_a_device_in_waiting_left_out_is_said_when_it_answers_after_all(
    spec: ModelSpec,
) -> None:
    engine = ScriptedEngine(["late", "in time"], n_ctx=N_CTX)
    device, asked = OnDevice(Answering(engine, spec, N_CTX)), asked_behind_much()
    spoken(device, asked).close()  # the cloud was faster
    assert NoticeCode.LEFT_OUT in codes(list(device.stream(asked, Cancel())))


def test_what_it_left_out_of_a_reply_that_was_read_stays_out(spec: ModelSpec) -> None:
    engine = ScriptedEngine(["in time", "again"], n_ctx=N_CTX)
    device, asked = OnDevice(Answering(engine, spec, N_CTX)), asked_behind_much()
    events = list(spoken(device, asked).events())
    assert NoticeCode.LEFT_OUT in codes(events)
    assert "".join(event.text for event in events if isinstance(event, Delta)) == "in time"
    assert NoticeCode.LEFT_OUT not in codes(list(device.stream(asked, Cancel())))


def test_a_summary_of_a_device_in_waiting_is_kept_once_its_reply_was_read(spec: ModelSpec) -> None:
    kept: list[Summary] = []
    engine = ScriptedEngine(["Facts of one.", "late", "Facts of it.", "read"], n_ctx=N_CTX)
    answering, asked = Answering(engine, spec, N_CTX), asked_behind_much()
    device = OnDevice(answering, WhenFull.SUMMARISE, kept.append)
    spoken(device, asked).close()
    assert kept == []
    list(spoken(device, asked).events())
    assert [summary.text for summary in kept] == ["Facts of it."]
