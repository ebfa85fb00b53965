"""Clients that generators make of ``/openapi.json``, compiled and run."""
