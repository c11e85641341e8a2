"""A conversation as a file for others: Markdown, HTML or JSON. Pure: from values to text."""
