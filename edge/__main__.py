"""`edge`, and `python -m edge`: a process of ours."""

from __future__ import annotations

import gc

# Nearly all that a start makes is modules, which stay: looking through them for what has
# gone, again and again, is a tenth of the time to the prompt line. Objects, by count.
_MADE_BETWEEN_LOOKS = 50_000


def main() -> None:
    """Run the command line of this process and leave with its exit code."""
    gc.set_threshold(_MADE_BETWEEN_LOOKS)
    from edge.cli.main import main as run

    run()


if __name__ == "__main__":
    main()
