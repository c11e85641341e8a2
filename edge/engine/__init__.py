"""Messages in, events out: what answers a request."""
