"""What the user chose, and where edge keeps its files."""
