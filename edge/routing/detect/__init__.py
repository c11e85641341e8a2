"""What in a text is personal or secret: one small module a subject, and `all.detect`."""
