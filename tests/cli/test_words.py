"""What the terminal says is true of the machine it says it on."""

from __future__ import annotations

import pytest

from edge.cli.words.commands import table
from edge.cli.words.turn import ended
from edge.core.event import StopReason


@pytest.mark.parametrize(
    ("n_ctx", "longest", "advice"),
    [
        (4096, 32_768, "try: --ctx 8192"),
        (4096, 6000, "try: --ctx 6000"),
        (4096, 4096, "no more of it fits here"),
        (4096, 4000, "no more of it fits here"),
    ],
)
def test_a_longer_context_is_advised_only_where_it_can_be_had(n_ctx, longest, advice):
    said = ended(StopReason.CONTEXT_FULL, n_ctx, longest)
    assert said == f"the reply was cut: the context of 4096 tokens is full; {advice}"


COMMANDS = [("/new", "begin another conversation"), ("/load [ID|NAME]", "go on with 另一个对话")]


def test_what_commands_do_is_wrapped_beside_them():
    assert table(COMMANDS, 42).split("\n")[:4] == [
        "/new             begin another",
        "                 conversation",
        "/load [ID|NAME]  go on with 另一个对话",
        "//text           send a text that begins",
    ]


def test_on_a_narrow_screen_what_commands_do_stands_below_them():
    assert table(COMMANDS, 30).split("\n")[:5] == [
        "/new",
        "  begin another conversation",
        "/load [ID|NAME]",
        "  go on with 另一个对话",
        "//text",
    ]
