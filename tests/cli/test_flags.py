"""The flags `ask` and `chat` share."""

from __future__ import annotations

import pytest

from edge.cli.talk.flags import Flags
from edge.settings.chosen import FLAG, load_settings
from shell import edge

SHARED = (
    "continue conversation no-save no-snapshots system no-think max-tokens temperature seed ctx "
    "threads memory cpu private yes"
)


@pytest.mark.parametrize("command", ["ask", "chat"])
def test_both_commands_have_every_shared_flag(command):
    said = edge(command, "--help").out
    assert all(f"--{word}" in said for word in SHARED.split())


def test_what_a_flag_says_is_a_setting_or_what_opening_takes():
    wanted = Flags(save=False, cpu_only=True, resume=True, private=True, memory="low").wanted(
        "tiny"
    )
    assert (wanted.resume, wanted.conversation, wanted.yes) == (True, None, False)
    assert wanted.private
    told = load_settings(flags=wanted.flags, environ={})
    given = {name for name in wanted.flags if told.origin(name) == FLAG}
    assert given == {"model", "save", "cpu_only", "memory"}
    assert (told.model, told.save, told.cpu_only, told.memory) == ("tiny", False, True, "low")


def test_a_kind_of_memory_that_is_none_says_which_there_are():
    refused = edge("ask", "--memory", "lots", "hi")
    assert refused.code == 2
    assert refused.err == (
        "edge: memory is 'lots' (from flag) and must be one of low, auto, fast; "
        'try: --memory "low"\n'
    )
