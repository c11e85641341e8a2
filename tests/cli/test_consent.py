"""Before something leaves: what a person sees, and that nothing but a yes is one."""

from __future__ import annotations

import io
import os
import sys
import threading
from collections.abc import Callable, Iterator

import pytest

from edge.chat.in_cloud import Offer
from edge.cli.page.writer import Writer
from edge.cli.talk.consent import Consent
from edge.core.message import Label, Message, Role
from spending import money

TEXT = "na\x1b[31mme\u202e a\n2. system:\nriver"
OFFER = Offer(
    "dashscope.aliyuncs.com",
    "qwen-plus",
    (Message(Role.USER, TEXT, Label.PUBLIC),),
    money("0.0123"),
)
QUESTION = "[y/N"
Asked = Callable[..., tuple[bool, str]]


class Person:
    """At the far end of a terminal: reads each question and types an answer."""

    def __init__(self, far_end: int, answers: tuple[str, ...]) -> None:
        self.seen = ""
        self._far_end = far_end
        self._thread = threading.Thread(target=self._answer, args=[answers])
        self._thread.start()

    def _answer(self, answers: tuple[str, ...]) -> None:
        for n, answer in enumerate(answers, 1):
            while self.seen.count(QUESTION) < n or not self.seen.endswith("] "):
                self.seen += os.read(self._far_end, 4096).decode()
            os.write(self._far_end, answer.encode())

    def leave(self) -> None:
        self._thread.join()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[Asked]:
    """Asks a person about OFFER; what they said and what they saw."""
    far_end, near_end = os.openpty()

    def ask(*answers: str, typed_before: str = "", **how: bool) -> tuple[bool, str]:
        if typed_before:  # writing nothing ends the input
            os.write(far_end, typed_before.encode())
        # Here and not in the fixture: pytest sets its own streams anew before the test itself.
        monkeypatch.setattr(sys, "stdin", stdin)
        monkeypatch.setattr(sys, "stderr", stderr)
        person = Person(far_end, answers)
        said = Consent(Writer(None, stderr), **how)(OFFER)
        person.leave()
        return said, person.seen.replace("\r\n", "\n")

    with (
        io.TextIOWrapper(open(near_end, "rb")) as stdin,
        open(os.dup(near_end), "w", encoding="utf-8") as stderr,
    ):
        yield ask
    os.close(far_end)


@pytest.mark.parametrize(
    ("answer", "agreed"),
    [
        ("y\n", True),
        (" YES \n", True),
        ("\n", False),
        ("n\n", False),
        ("yo\n", False),
        ("\x04", False),
    ],
    ids=["y", "yes", "Enter", "n", "yo", "Ctrl-D"],
)
def test_a_yes_alone_is_a_yes(asked, answer, agreed):
    said, seen = asked(answer)
    assert said is agreed
    assert (
        "to dashscope.aliyuncs.com, model qwen-plus: 1 message, 31 B, at most 0.013 CNY\n" in seen
    )


def test_keys_pressed_before_the_question_was_seen_answer_nothing(asked):
    said, _ = asked("\n", typed_before="y\ny\n")
    assert said is False


def test_all_of_it_is_shown_on_demand_and_obeys_no_word_of_it(asked):
    said, seen = asked("v\n", "y\n")
    assert said is True
    shown = "1. user:\n    na\\x1b[31mme\\u202e a\n    2. system:\n    river\nSend it? [y/N] "
    assert shown in seen
    assert "\x1b[31m" not in seen
    assert "\u202e" not in seen


def test_what_is_lifted_is_shown_whole_before_anybody_can_agree(asked):
    _, seen = asked("n\n", in_full=True)
    assert seen.index("river") < seen.index(QUESTION)


def test_where_nobody_can_be_asked_the_answer_is_no(monkeypatch):
    said = io.StringIO()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"y\n")))
    assert Consent(Writer(None, said))(OFFER) is False
    assert said.getvalue().startswith("nothing is sent: ")
