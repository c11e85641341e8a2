"""What may leave: labels only rise, and only what is public through and through is cleared."""

from __future__ import annotations

import random
import sys

import identifiers
import ordinary
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.errors import PrivacyRefused
from edge.core.message import Label, Message, Role
from edge.routing.copies import CopyGuard
from edge.routing.detect.finding import NO_WORDS, OwnWords
from edge.routing.privacy import Piece, clear, examine

SECRET = "13800138000"
DIARY = "the doctor said the results would come on thursday morning"


def piece(text: str, label: Label = Label.PUBLIC, turn_id: str = "turn-1") -> Piece:
    return Piece(Message(Role.USER, text, label), turn_id)


def diary_guard() -> CopyGuard:
    guard = CopyGuard()
    guard.add(DIARY)
    return guard


def test_public_prose_stays_public():
    examined = examine("what is a token?", Label.PUBLIC, diary_guard(), NO_WORDS)
    assert (examined.label, examined.kinds, examined.copied) == (Label.PUBLIC, (), False)


def test_a_finding_a_copy_or_an_own_word_makes_a_text_private():
    found = examine(f"call {SECRET}", Label.PUBLIC, None, NO_WORDS)
    assert (found.label, found.kinds) == (Label.PRIVATE, ("mobile", "phone"))
    copied = examine(f"translate: {DIARY}", Label.PUBLIC, diary_guard(), NO_WORDS)
    assert (copied.label, copied.kinds, copied.copied) == (Label.PRIVATE, (), True)
    own = examine("about falcon", Label.PUBLIC, None, OwnWords(("Falcon",)))
    assert (own.label, own.kinds) == (Label.PRIVATE, ("own_word",))


texts = st.one_of(
    st.text(max_size=80), st.sampled_from([*ordinary.EN, *ordinary.ZH, SECRET, DIARY, "", "falcon"])
)
labels = st.sampled_from(list(Label))


@given(texts, labels)
def test_a_label_only_rises(text, label):
    assert examine(text, label, diary_guard(), NO_WORDS).label >= label


@given(st.lists(st.tuples(texts, labels), min_size=1, max_size=5))
def test_what_is_cleared_is_public_and_whole(spoken):
    pieces = [piece(text, label, f"turn-{n}") for n, (text, label) in enumerate(spoken)]
    guard, own = diary_guard(), OwnWords(("falcon",))
    is_public = all(
        label is Label.PUBLIC and examine(text, label, guard, own).label is Label.PUBLIC
        for text, label in spoken
    )
    if is_public:
        cleared = clear(pieces, guard, own)
        assert cleared.messages == tuple(piece.message for piece in pieces)
        assert cleared.turn_ids == tuple(piece.turn_id for piece in pieces)
    else:
        with pytest.raises(PrivacyRefused):
            clear(pieces, guard, own)


@given(st.sampled_from(list(identifiers.MAKERS)), st.integers(0, 10**6), st.data())
def test_a_message_with_an_identifier_is_refused_wherever_it_stands(kind, seed, data):
    if kind in identifiers.SENTENCES:
        before, after = identifiers.SENTENCES[kind][0]
        before, after = (before, after) if before else ("老身份证号 ", "")
    else:
        before, after = "", ""
    text = before + identifiers.MAKERS[kind](random.Random(seed)) + after
    harmless = data.draw(st.lists(st.sampled_from(ordinary.EN), max_size=4))
    at = data.draw(st.integers(0, len(harmless)))
    pieces = [piece(each) for each in [*harmless[:at], text, *harmless[at:]]]
    with pytest.raises(PrivacyRefused):
        clear(pieces, None, NO_WORDS)


@pytest.mark.parametrize("role", list(Role))
def test_messages_of_every_role_are_examined(role: Role):
    with pytest.raises(PrivacyRefused):
        clear([Piece(Message(role, SECRET, Label.PUBLIC), "t")], None, NO_WORDS)


def test_a_refusal_names_turns_and_kinds_and_no_text():
    pieces = [
        piece("hello", turn_id="turn-1"),
        piece(f"my number is {SECRET}", turn_id="turn-2"),
        piece("an old thought", Label.PRIVATE, turn_id="turn-3"),
        piece(DIARY, turn_id="turn-4"),
        piece("li@example.com", turn_id=""),
    ]
    with pytest.raises(PrivacyRefused) as refused:
        clear(pieces, diary_guard(), NO_WORDS)
    line = refused.value.line()
    assert "turn turn-2 has mobile" in line
    assert "turn turn-3 is marked private" in line
    assert "turn turn-4 repeats private text" in line
    assert "the system prompt has email" in line
    assert "turn-1" not in line
    for text in (SECRET, "thought", "doctor", "example.com"):
        assert text not in line


def test_a_system_prompt_has_no_turn():
    cleared = clear([piece("be brief", turn_id=""), piece("hello")], None, NO_WORDS)
    assert cleared.turn_ids == ("turn-1",)


def test_two_messages_of_a_turn_name_it_once():
    assert clear([piece("hello"), piece("hi")], None, NO_WORDS).turn_ids == ("turn-1",)


def test_nothing_is_not_cleared():
    with pytest.raises(PrivacyRefused, match="nothing to send"):
        clear([], None, NO_WORDS)


def test_without_detectors_nothing_is_public(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "stdnum", None)  # as if it were not installed
    examined = examine("hello", Label.PUBLIC, None, NO_WORDS)
    assert (examined.label, examined.kinds) == (Label.PRIVATE, ("detectors_missing",))
    with pytest.raises(PrivacyRefused, match="not installed") as refused:
        clear([piece("hello")], None, NO_WORDS)
    assert "edge-qwen[cloud]" in refused.value.hint
