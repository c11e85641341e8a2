"""What the terminal says, by topic: each text a small function."""
