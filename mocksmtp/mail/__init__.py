"""The content of mails: charsets, transfer encodings, header fields, MIME parts."""
