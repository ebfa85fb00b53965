"""The zone: documents of its records."""
