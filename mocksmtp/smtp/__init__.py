"""SMTP: the adapter over twisted.mail."""
