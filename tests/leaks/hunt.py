"""Looks for a leak in the edge that is first on the path; leaves with 3 when it finds one.

python hunt.py HOME FIRST_SEED N_SEEDS
"""

from __future__ import annotations

import sys
from pathlib import Path

from test_leaks import run

LEAKED = 3


def main(home: Path, first: int, n: int) -> int:
    for seed in range(first, first + n):
        place = home / str(seed)
        place.mkdir(parents=True)
        try:
            run(place, seed, n_private=40)
        except AssertionError as found:
            print(found)
            return LEAKED
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
