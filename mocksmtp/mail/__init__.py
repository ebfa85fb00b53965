"""Mails: envelope, mailbox and quota; charsets, header fields and MIME parts."""
