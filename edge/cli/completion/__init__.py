"""Completion in shells: their scripts, and the names they offer."""
