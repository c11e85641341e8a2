"""`edge why`: why a turn went where it went, and what would have changed that."""
