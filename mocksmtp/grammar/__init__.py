"""The elements of SMTP as values (RFC 5321, 6531): address, command, reply."""
