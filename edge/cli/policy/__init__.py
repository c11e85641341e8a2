"""`edge policy`: policies looked at, edited, tested and replayed."""
