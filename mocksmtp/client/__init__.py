"""A client of the HTTP API."""

from mocksmtp.client.api import ApiError, Client

__all__ = ["ApiError", "Client"]
