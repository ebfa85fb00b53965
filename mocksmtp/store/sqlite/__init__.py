"""A store in one file of SQLite, for one process."""
