"""Clients generated from ``/openapi.json``; the workflows, checked by actionlint."""
