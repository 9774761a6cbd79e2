"""The options of `make smoke`, and the API that they name."""

from contextlib import ExitStack

import pytest

from tools.smoke.api import Api, UnusableError, open_api

API = pytest.StashKey[Api]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options that name the API."""
    group = parser.getgroup("PyPI Pulse")
    group.addoption("--url", default="", help="the API's base URL, such as the output ApiUrl")
    group.addoption("--package", default="requests", help="a package that has downloads")
    group.addoption("--other", default="flask", help="another one, to compare it with")
    group.addoption("--header", action="append", default=[], help="'Name: value', on each request")


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Open the client, and end with one line unless PyPI Pulse answers."""
    option, opened = session.config.option, ExitStack()
    session.config.add_cleanup(opened.close)
    try:
        session.config.stash[API] = opened.enter_context(
            open_api(option.url, option.package, option.other, option.header)
        )
    except UnusableError as error:
        raise pytest.UsageError(str(error)) from None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One check for each route of the contract."""
    if "route" in metafunc.fixturenames:
        response = metafunc.config.stash[API].ask("/openapi.json")
        paths = response.json().get("paths", {}) if response.is_success else {}
        metafunc.parametrize("route", paths)


@pytest.fixture(scope="session")
def api(pytestconfig: pytest.Config) -> Api:
    """The API under test."""
    return pytestconfig.stash[API]
