import threading

import pytest

from edge.core.errors import ContextFull, EdgeError, EngineDied
from edge.core.event import Channel, Delta, Progress, StopReason
from edge.core.message import Message, Role
from edge.core.spec import Sampling
from edge.engine.protocol import Answered, Cancel, Engine, Request
from edge.engine.scripted import Fault, Reply, ScriptedEngine


def asked(text="Hi", **changes):
    plain = {"timeline_id": "t", "messages": (Message(Role.USER, text),), "sampling": Sampling()}
    return Request(**plain | changes)


def told(events, channel=Channel.ANSWER):
    return "".join(e.text for e in events if isinstance(e, Delta) and e.channel is channel)


def read(stream, events):
    for event in stream:
        events.append(event)


def test_it_says_its_replies_in_order_and_remembers_who_asked():
    engine: Engine = ScriptedEngine(["One.", Reply("Two.")])
    requests = [asked("a"), asked("b")]
    assert [told(engine.stream(request)) for request in requests] == ["One.", "Two."]
    assert engine.requests == requests


def test_a_reply_is_progress_then_deltas_of_four_characters_then_answered():
    first, *deltas, last = ScriptedEngine(["Hello there"]).stream(asked())
    assert isinstance(first, Progress)
    assert [delta.text for delta in deltas] == ["Hell", "o th", "ere"]
    assert isinstance(last, Answered)
    assert (last.stop_reason, last.usage.completion_tokens) == (StopReason.END, 3)


def test_a_request_is_remembered_before_its_stream_is_read():
    engine = ScriptedEngine(["unread"])
    engine.stream(asked())
    assert len(engine.requests) == 1


def test_reasoning_is_told_first_and_only_when_the_request_thinks():
    script = [Reply("Yes.", reasoning="let me see")] * 2
    engine = ScriptedEngine(script)
    silent, thinking = list(engine.stream(asked())), list(engine.stream(asked(thinking=True)))
    assert told(silent, Channel.REASONING) == ""
    assert told(thinking, Channel.REASONING) == "let me see"
    assert told(silent) == told(thinking) == "Yes."


@pytest.mark.parametrize(("after_tokens", "seen"), [(0, ""), (2, "Hello th"), (9, "Hello there")])
def test_a_fault_is_raised_after_as_many_tokens_as_told_or_at_the_end(after_tokens, seen):
    fault = Fault(EngineDied("died"), after_tokens)
    stream = ScriptedEngine([Reply("Hello there", fault=fault)]).stream(asked())
    events = []
    with pytest.raises(EngineDied):
        read(stream, events)
    assert told(events) == seen


def test_cancelling_ends_a_reply_where_it_is():
    cancel = Cancel()
    events = []
    for event in ScriptedEngine(["Hello there"]).stream(asked(cancel=cancel)):
        events.append(event)
        if told(events) == "Hello th":
            cancel.set()
    assert told(events) == "Hello th"
    assert events[-1].stop_reason is StopReason.CANCELLED


def test_cancelling_wakes_it_from_a_pause():
    cancel = Cancel()
    waking = threading.Timer(0.01, cancel.set)
    waking.start()
    # Longer than a test may take: only the cancel can end this pause.
    *_, last = ScriptedEngine([Reply("late", pause_s=3600)]).stream(asked(cancel=cancel))
    waking.join()
    assert (last.stop_reason, last.usage.completion_tokens) == (StopReason.CANCELLED, 0)


def test_it_stops_at_max_tokens():
    *events, last = ScriptedEngine(["Hello there"]).stream(asked(sampling=Sampling(max_tokens=2)))
    assert (told(events), last.stop_reason) == ("Hello th", StopReason.MAX_TOKENS)


def test_it_stops_at_a_stop_string_and_does_not_show_it():
    *events, last = ScriptedEngine(["Hello there"]).stream(asked(sampling=Sampling(stop=("o t",))))
    assert (told(events), last.stop_reason) == ("Hell", StopReason.STOP_STRING)


def test_it_goes_on_with_a_reply_behind_the_words_shown():
    asked_on = asked(reply_so_far="Hello th", thinking=True)
    *events, last = ScriptedEngine([Reply("Hello there", reasoning="hm")]).stream(asked_on)
    assert (told(events), told(events, Channel.REASONING)) == ("ere", "")
    # "Hi" counts 4 + 1, the opening 4 and the words shown 2.
    assert (last.usage.prompt_tokens, last.usage.completion_tokens) == (11, 1)


def test_a_reply_that_begins_otherwise_is_said_whole():
    assert told(ScriptedEngine([" and more"]).stream(asked(reply_so_far="Hello"))) == " and more"


def test_a_stop_string_that_begins_in_the_words_shown_ends_it():
    request = asked(reply_so_far="Hello th", sampling=Sampling(stop=("ther",)))
    *events, last = ScriptedEngine(["Hello there"]).stream(request)
    assert (told(events), last.stop_reason) == ("", StopReason.STOP_STRING)


def test_a_reply_that_has_stopped_raises_no_fault():
    script = [Reply("Hello there", fault=Fault(EngineDied("died"), after_tokens=2))]
    *_, last = ScriptedEngine(script).stream(asked(sampling=Sampling(stop=("o t",))))
    assert last.stop_reason is StopReason.STOP_STRING


def test_it_stops_when_the_context_is_full():
    # "Hi" counts 4 + 1 and the opening 4, so 2 of 11 are left.
    *events, last = ScriptedEngine(["Hello there"], n_ctx=11).stream(asked())
    assert (told(events), last.stop_reason) == ("Hello th", StopReason.CONTEXT_FULL)


def test_a_prompt_longer_than_the_context_raises_context_full_with_the_figures():
    with pytest.raises(ContextFull, match="9 tokens and the context holds 9"):
        list(ScriptedEngine(["unsaid"], n_ctx=9).stream(asked()))


def test_a_script_that_is_too_short_says_so():
    with pytest.raises(EdgeError, match="no reply for request 1"):
        list(ScriptedEngine([]).stream(asked()))


def test_more_messages_never_count_fewer_tokens():
    engine = ScriptedEngine([])
    messages = [Message(Role.USER, "x" * n) for n in range(9)]
    counts = [engine.count_tokens(messages[:n], thinking=False) for n in range(10)]
    assert counts == sorted(counts)


def test_closing_twice_is_closing_once():
    engine = ScriptedEngine([])
    engine.close()
    engine.close()
    assert engine.closed
