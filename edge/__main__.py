"""`python -m edge` is the same as `edge`."""

from edge.cli.main import main

if __name__ == "__main__":
    main()
