"""Measure this machine: the full path beside the raw engine."""
