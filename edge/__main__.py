"""`edge`, and `python -m edge`: a process of ours."""

from __future__ import annotations

from edge.cli.garbage import look_seldom


def main() -> None:
    """Run the command line of this process and leave with its exit code."""
    look_seldom()
    from edge.cli.main import main as run

    run()


if __name__ == "__main__":
    main()
