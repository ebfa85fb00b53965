"""Keeps the state of a mock in its store, and restores it at the start."""
