"""SASL's server side: the exchange behind AUTH (RFC 4954), as values, without I/O."""
