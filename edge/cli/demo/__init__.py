"""`edge demo`: what edge promises, scene by scene."""
