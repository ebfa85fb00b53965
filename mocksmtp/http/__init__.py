"""HTTP: the adapter over Klein."""
