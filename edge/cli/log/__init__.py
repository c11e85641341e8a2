"""`edge log`: what was said, listed, shown, searched, exported, changed and deleted."""
