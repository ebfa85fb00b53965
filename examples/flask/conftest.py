"""The application, with an empty queue and short pauses, for one test."""

import pytest

from app import create_app


@pytest.fixture
def settings(mocksmtp, tmp_path):
    path = tmp_path / "outbox.sqlite"
    return {"path": path, "smtp": mocksmtp.smtp, "pause": 0.05, "attempts": 4}


@pytest.fixture
def client(settings):
    app = create_app(**settings)
    yield app.test_client()
    app.extensions["outbox"].close()
