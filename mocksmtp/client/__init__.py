"""Clients of the HTTP API: visitors, which know of the service what HTTP tells."""

from mocksmtp.client.api import ApiError, Client

__all__ = ["ApiError", "Client"]
