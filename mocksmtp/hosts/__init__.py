"""Mail hosts: their limits, capabilities, listeners and policies."""
