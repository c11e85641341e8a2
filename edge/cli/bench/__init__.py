"""`edge bench`: runs the benchmark, and shows what it found."""
