"""Replicas as processes, which share a Redis server."""
