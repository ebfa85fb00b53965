"""The server side of SASL for AUTH (RFC 4954), without I/O."""
