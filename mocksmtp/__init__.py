"""A programmable SMTP server and DNS for testing delivery to remote mail hosts."""

__version__ = "1.0.0rc1"
