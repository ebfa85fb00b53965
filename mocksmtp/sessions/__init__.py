"""Sessions: what was said on a connection, and what became of its mails."""
