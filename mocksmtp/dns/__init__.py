"""DNS: the adapter over twisted.names."""
