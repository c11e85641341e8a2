"""A talk at the terminal: from flags to an open model, and from a line to a reply."""
