"""The DNS server, over twisted.names."""
