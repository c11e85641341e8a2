"""The commands around models: listed, fetched, brought in, verified and removed."""
