"""Help: groups, examples and words of the parser, in the language of the user."""
