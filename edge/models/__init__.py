"""Which model, does it fit, and where its bytes come from."""
