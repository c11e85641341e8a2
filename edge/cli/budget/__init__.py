"""`edge budget`: what was spent, and the caps on it."""
