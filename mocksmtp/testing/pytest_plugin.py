"""The pytest plugin: fixtures ``mocksmtp``, ``mocksmtp_server``, ``mocksmtp_django``.

pytest imports this module in every run, so it imports nothing that a run without these
fixtures does not need.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from mocksmtp.testing.blocking_sandbox import BlockingMockSMTP
    from mocksmtp.testing.server import MockServer

_MARKER = (
    "mocksmtp(behaviors=[], recipes=[], records=[], home=[], host=None, domain=None, "
    "**fields): what the fixture `mocksmtp` has from the start: behaviors and names of "
    "recipes of its host, DNS records, domains of senders, and fields of the host's "
    'document, as tls={} or limits={"messages": 1}'
)

_OPTIONS = "mocksmtp_options"

_MOCKS = pytest.StashKey[list["BlockingMockSMTP"]]()

_LISTS = ("behaviors", "recipes", "records", "home")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the settings."""
    parser.addini(
        _OPTIONS,
        "options of `mocksmtp serve` for the fixture mocksmtp_server, for example "
        "--smtp 127.0.0.1:25",
        default="",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker."""
    config.addinivalue_line("markers", _MARKER)


@pytest.fixture(scope="session")
def mocksmtp_server(request: pytest.FixtureRequest) -> Iterator[MockServer]:
    """
    A mocksmtp service for all tests: a process of its own for each worker of xdist.

    With MOCKSMTP_URL it is the service there.
    """
    from mocksmtp.client.errors import MockError
    from mocksmtp.testing.server import server_for_tests

    options = tuple(shlex.split(request.config.getini(_OPTIONS)))
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    reason = ""
    try:
        server = server_for_tests(options, alone=workers == 1)
    except MockError as error:
        reason = f"{type(error).__name__}: {error}"
    if reason:
        # Outside of `except`: the traceback of the client would hide the sentence.
        pytest.fail(reason, pytrace=False)
    yield server
    server.stop()


@pytest.fixture
def mocksmtp(
    request: pytest.FixtureRequest, mocksmtp_server: MockServer
) -> Iterator[BlockingMockSMTP]:
    """
    A mail host with domains and DNS records of its own, for one test.

    The application under test sends to ``mocksmtp.smtp_host`` and
    ``mocksmtp.smtp_port``, or uses the DNS server ``mocksmtp.dns``.
    """
    given = _marked(request.node)
    lists = {name: given.pop(name, []) for name in _LISTS}
    mock = mocksmtp_server.open(**given)
    mocks = request.node.stash.setdefault(_MOCKS, [])
    mocks.append(mock)
    try:
        _prepare(mock, lists)
        yield mock
    finally:
        mocks.remove(mock)
        mock.close()


def _marked(node: pytest.Item) -> dict[str, Any]:
    """What the markers of a test say: of its module, its class, and itself."""
    found: dict[str, Any] = {name: [] for name in _LISTS}
    for marker in reversed([*node.iter_markers("mocksmtp")]):
        if marker.args:
            pytest.fail(
                "the marker mocksmtp takes keywords only, as "
                "@pytest.mark.mocksmtp(behaviors=[...])",
                pytrace=False,
            )
        for name, value in marker.kwargs.items():
            if name in _LISTS:
                found[name] = [*found[name], *value]
            else:
                found[name] = value
    return found


def _prepare(mock: BlockingMockSMTP, given: dict[str, list[Any]]) -> None:
    """Set what the markers say."""
    if given["behaviors"]:
        mock.host.add_behaviors(*given["behaviors"])
    for recipe in given["recipes"]:
        name, values = recipe if isinstance(recipe, tuple | list) else (recipe, {})
        mock.recipe(name, **values)
    if given["records"]:
        mock.add_records(given["records"])
    if given["home"]:
        mock.home(*given["home"])


@pytest.fixture
def mocksmtp_django(mocksmtp: BlockingMockSMTP) -> Iterator[BlockingMockSMTP]:
    """
    The fixture `mocksmtp`, to which Django sends its mail by SMTP.

    Django's test runner and pytest-django replace EMAIL_BACKEND by a list in memory;
    during the test it is the SMTP backend again, with the address of the mock.
    """
    from django.test.utils import override_settings

    settings = {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": mocksmtp.smtp_host,
        "EMAIL_PORT": mocksmtp.smtp_port,
        "EMAIL_HOST_USER": "",
        "EMAIL_HOST_PASSWORD": "",
        "EMAIL_USE_TLS": False,
        "EMAIL_USE_SSL": False,
    }
    with override_settings(**settings):
        yield mocksmtp


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add what happened at the mock to the report of a failed test."""
    report = yield
    if report.failed:
        for mock in item.stash.get(_MOCKS, []):
            report.sections.append(("mocksmtp", _happened(mock)))
    return report


def _happened(mock: BlockingMockSMTP) -> str:
    """What happened, or why that is not known."""
    from mocksmtp.client.errors import MockError

    try:
        return mock.report()
    except MockError as error:
        return str(error)
