"""`edge doctor`: one check after another, and what to do about what it found."""
