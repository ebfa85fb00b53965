"""Tests of `mocksmtp.store` and `mocksmtp.persistence`."""
