"""Nothing private ever leaves: whatever is said, marked, lifted, repeated or begun again."""

from __future__ import annotations

import os
import random
import tempfile
from pathlib import Path
from typing import Any

import pytest
from forms import canary, forms, holds
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from world import World, drawn_step

from edge.core.decision import Target

WANTED = st.sampled_from([None, Target.CLOUD, Target.EDGE])
STOP = st.sampled_from([None, None, 0, 1, 3])


def run(home: Path, seed: int, n_private: int) -> World:
    """Draw steps until so many private prompts were said; asserts after each hundred, and last."""
    world, rng = World(home), random.Random(seed)
    try:
        step = 0
        while world.n_private < n_private:
            step += 1
            drawn_step(world, rng)
            if step % 100 == 0:
                assert list(world.leaked()) == [], f"seed {seed}, step {step}"
        assert list(world.leaked()) == [], f"seed {seed}, step {step}"
        assert world.unlogged() == 0
        assert world.sky.server.requests, "a cloud that was never asked proves nothing"
        return world
    finally:
        world.close()


@pytest.mark.parametrize("seed", range(int(os.environ.get("EDGE_LEAK_SEEDS", "3"))))
def test_no_private_text_reaches_the_cloud(tmp_path: Path, seed: int) -> None:
    run(tmp_path, seed, n_private=60)


@pytest.mark.campaign
@pytest.mark.timeout(3600)
def test_ten_thousand_private_prompts_stay_here(tmp_path: Path) -> None:
    said = 0
    for seed in range(1000, 1050):
        home = tmp_path / str(seed)
        home.mkdir()
        world = run(home, seed, n_private=200)
        said += world.n_private
        n_sent = len(world.sky.server.requests)
        print(f"seed {seed}: {world.n_turns} turns, {world.n_private} private, {n_sent} sends")
    assert said >= 10_000


class Leaks(RuleBasedStateMachine):
    """The same world, led by Hypothesis, which looks for the shortest way to a leak."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self.world = World(Path(self._folder.name))

    def teardown(self) -> None:
        self.world.close()
        self._folder.cleanup()

    @rule(private=st.booleans())
    def begin(self, private: bool) -> None:
        self.world.begin(private=private)

    @rule()
    def restart(self) -> None:
        self.world.restart()

    @rule()
    def mark(self) -> None:
        self.world.mark()

    @rule(n=st.integers(0, 9), wanted=WANTED, stop_after=STOP)
    def say_private(self, **how: Any) -> None:
        self.world.say_private(**how)

    @rule(lifted=st.booleans(), wanted=WANTED, stop_after=STOP)
    def say_public(self, **how: Any) -> None:
        self.world.say_public(**how)

    @rule(seed=st.integers(0, 99), public=st.booleans(), wanted=WANTED)
    def say_again(self, seed: int, **how: Any) -> None:
        self.world.say_again(random.Random(seed), **how)

    @rule(n=st.integers(0, 30))
    def go_back(self, n: int) -> None:
        self.world.go_back(n)

    @rule(wanted=WANTED, stop_after=STOP)
    def ask_again(self, **how: Any) -> None:
        self.world.ask_again(**how)

    @rule(with_key=st.booleans())
    def tell_system(self, with_key: bool) -> None:
        self.world.tell_system(with_key=with_key)

    @rule(n=st.integers(0, 11))
    def cloud_does(self, n: int) -> None:
        self.world.cloud_does(n)

    @rule(after=st.integers(0, 3))
    def device_dies(self, after: int) -> None:
        self.world.device_dies(after)

    @rule(n=st.integers(0, 4))
    def policy_is(self, n: int) -> None:
        self.world.policy_is(n)

    @invariant()
    def nothing_private_was_heard(self) -> None:
        assert list(self.world.leaked()) == []

    @invariant()
    def every_send_is_written_down(self) -> None:
        assert self.world.unlogged() == 0


def test_no_way_of_talking_leads_to_a_leak() -> None:
    quick = settings(
        max_examples=25,
        stateful_step_count=20,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
        derandomize=True,
    )
    run_state_machine_as_test(Leaks, settings=quick)


@pytest.mark.campaign
@pytest.mark.timeout(3600)
def test_no_long_way_of_talking_leads_to_a_leak() -> None:
    long = settings(
        max_examples=300,
        stateful_step_count=50,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    run_state_machine_as_test(Leaks, settings=long)


@pytest.mark.parametrize("form", sorted(forms("日记" + "0123456789" * 4 + "diary")))
def test_a_leak_is_seen_in_every_form(form: bytes) -> None:
    assert holds(b"before " + form + b" after", "日记" + "0123456789" * 4 + "diary")


def test_a_leak_is_seen_in_what_is_compressed() -> None:
    import gzip
    import zlib

    text = canary()
    for packed in (gzip.compress(text.encode()), zlib.compress(text.encode())):
        assert holds(b"head" + packed, text)
    assert not holds(gzip.compress(b"nothing"), text)
