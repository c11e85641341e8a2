"""`edge cloud`: turned on, looked at, priced and turned off."""
