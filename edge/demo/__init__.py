"""What `edge demo` takes: a stand-in for a cloud, a home that is thrown away, and a count."""
