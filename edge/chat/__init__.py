"""One turn, from prompt to store."""
