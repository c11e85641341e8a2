"""Which places of a tape are kept to go back to."""

from __future__ import annotations

from edge.engine.edge.checkpoints import Checkpoint, Checkpoints


def places(*positions: int, most: int = 3) -> Checkpoints:
    made = Checkpoints(most)
    for position in positions:
        made.add(Checkpoint(position, b"%d" % position))
    return made


def at(checkpoints: Checkpoints, n_tokens: int) -> int | None:
    nearest = checkpoints.nearest(n_tokens)
    return nearest.n_tokens if nearest else None


def test_the_nearest_place_is_never_ahead() -> None:
    kept = places(10, 20)
    assert [at(kept, n) for n in (9, 10, 19, 20, 99)] == [None, 10, 10, 20, 20]


def test_the_first_and_the_newest_places_stay() -> None:
    kept = places(10, 20, 30, 40)
    assert [at(kept, n) for n in (15, 25, 35, 45)] == [10, 10, 30, 40]


def test_a_place_behind_another_text_is_forgotten() -> None:
    kept = places(10, 20, 30)
    kept.forget_from(20)
    assert at(kept, 99) == 10


def test_a_new_place_replaces_those_behind_it() -> None:
    kept = places(10, 30)
    kept.add(Checkpoint(20, b"new"))
    assert at(kept, 99) == 20
