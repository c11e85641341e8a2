"""The stage of a talk at a real terminal: the prompt line, and what is shown above it."""
