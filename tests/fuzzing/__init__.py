"""The service against requests that a program generates."""
