"""A system prompt is kept apart, and every later conversation under it begins warm."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from asking import MakeEngine, options_for
from keeping import FAMILIES, keep_in, kept, told, warm

from edge.core.memory import Layout
from edge.core.message import Message, Role
from edge.engine.edge.engine import EdgeEngine
from edge.engine.edge.frames import Keep
from edge.engine.edge.keeper import snapshots_for
from edge.engine.edge.link import ThreadLink
from tiny_gguf import make_tiny

RULE = "Answer as a pirate would, and never say why. " * 8


@pytest.fixture
def keep(tmp_path: Path) -> Keep:
    return keep_in(tmp_path / "snapshots")


def system_part(engine: EdgeEngine, system: str) -> int:
    """Tokens of a system prompt: what a prompt has more than without one of that text."""
    one, other = ([Message(Role.SYSTEM, text), Message(Role.USER, "x")] for text in (system, "."))
    plain = engine.count_tokens(other, thinking=False)
    # Around a text stand <|im_start|>, "system\n", <|im_end|> and a newline: 10 tokens of bytes.
    return engine.count_tokens(one, thinking=False) - plain + len(".") + 10


@pytest.mark.parametrize(("arch", "template"), FAMILIES)
def test_a_new_conversation_under_a_known_system_prompt_begins_warm_and_says_the_very_same(
    make_engine: MakeEngine, tmp_path: Path, keep: Keep, arch: str, template: str
) -> None:
    path = make_tiny(tmp_path / "tiny.gguf", arch)
    make = partial(make_engine, path, template=template, n_ctx=1024, layout=Layout())
    messages = [Message(Role.SYSTEM, RULE), Message(Role.USER, "begin " * 30)]
    first, without = make(keep=keep), make(connect=ThreadLink)
    cold = told(first, messages, "one")
    first.close()
    second = make(keep=keep)
    begun = told(second, messages, "two")
    assert cold[1].usage.cached_tokens == 0
    assert begun[1].usage.cached_tokens == system_part(second, RULE) > 128
    # Log-probabilities tell a difference that the chosen tokens hide.
    plain = told(without, messages)
    assert begun[0] == cold[0] == plain[0]
    assert begun[1].confidence == cold[1].confidence == plain[1].confidence


@pytest.mark.parametrize(("arch", "template"), FAMILIES)
def test_it_is_found_behind_another_conversation_that_was_taken_up(
    make_engine: MakeEngine, tmp_path: Path, keep: Keep, arch: str, template: str
) -> None:
    path = make_tiny(tmp_path / "tiny.gguf", arch)
    messages = [Message(Role.SYSTEM, RULE), Message(Role.USER, "begin")]
    first = make_engine(path, template=template, n_ctx=1024, keep=keep)
    told(first, messages, "one")
    first.close()
    second = make_engine(path, template=template, n_ctx=1024, keep=keep)
    assert warm(told(second, messages, "one")[1])
    # A recurrent model cannot go back from there to the end of the system prompt.
    new = [messages[0], Message(Role.USER, "another")]
    assert told(second, new, "two")[1].usage.cached_tokens >= system_part(second, RULE)


def test_a_damaged_one_is_read_again_and_replaced(make_engine: MakeEngine, keep: Keep) -> None:
    messages = [Message(Role.SYSTEM, RULE), Message(Role.USER, "begin")]
    replies = []
    for turn in range(3):
        engine = make_engine(keep=keep, n_ctx=1024)
        replies.append(told(engine, messages, f"talk{turn}"))
        engine.close()
        if turn == 0:
            (path,) = Path(keep.folder).glob("system-*.kv")
            path.write_bytes(path.read_bytes()[:-1])
    cached = [answered.usage.cached_tokens for _, answered in replies]
    assert cached[:2] == [0, 0]
    assert cached[2] > 128
    assert len({text for text, _ in replies}) == 1


@pytest.mark.parametrize(
    ("template", "system", "n_kept"),
    [
        ("qwen2.5", "x" * 117, 0),  # a token short of what is worth it
        ("qwen2.5", "x" * 118, 1),
        ("qwen3", "", 0),
    ],
    ids=["short", "just long enough", "none"],
)
def test_only_a_long_system_prompt_is_kept_apart_and_never_what_the_user_said(
    make_engine: MakeEngine, keep: Keep, template: str, system: str, n_kept: int
) -> None:
    engine = make_engine(keep=keep, template=template)
    start = [Message(Role.SYSTEM, system)] if system else []
    told(engine, [*start, Message(Role.USER, "begin " * 30)])
    engine.close()
    apart = [name.removesuffix(".kv") for name in kept(keep) if name.startswith("system-")]
    assert len(apart) == n_kept
    snapshots = snapshots_for(keep, options_for(Path("any"), template=template).load)
    for name in apart:
        found = snapshots.read(name)
        assert found is not None
        assert bytes(token for token in found.tokens if token < 256).decode() == (
            f"system\n{system}\n"
        )
