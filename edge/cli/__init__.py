"""The terminal's door: prints and asks, never decides."""
