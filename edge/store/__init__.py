"""What is kept of conversations, in SQLite."""
