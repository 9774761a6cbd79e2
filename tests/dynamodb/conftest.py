"""Tables as defined in template.yaml, in DynamoDB Local and in moto's server."""

from collections.abc import Iterator

import pytest

from tests.dynamodb.meter import Operation, metered
from tests.dynamodb.table_at import TableAt
from tests.left_out import machine_with
from tools.dynamodb.account import local_account
from tools.dynamodb.local import dynamodb_local, ensure_installed
from tools.dynamodb.moto_server import moto_server
from tools.dynamodb.table import create_history_table, create_table
from tools.runtime.machine import Machine

PATIENCE_S = 20
"""Timeout for local tables in tests that are not about timeouts."""


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pulse_io.store.table.TIMEOUT_S", PATIENCE_S)


@pytest.fixture(scope="session")
def machine() -> Machine:
    """This machine, with DynamoDB Local on it."""
    return machine_with(ensure_installed)


@pytest.fixture(scope="session")
def dynamodb_local_url(machine: Machine) -> Iterator[str]:
    with dynamodb_local(machine) as url:
        yield url


@pytest.fixture(scope="session")
def moto_url() -> Iterator[str]:
    with moto_server() as url:
        yield url


@pytest.fixture(params=["moto_url", "dynamodb_local_url"], ids=["moto", "dynamodb-local"])
def table_url(request: pytest.FixtureRequest) -> str:
    """The URL of a local DynamoDB; a test that uses it runs with both."""
    url: str = request.getfixturevalue(request.param)
    return url


@pytest.fixture
def table(table_url: str, monkeypatch: pytest.MonkeyPatch) -> TableAt:
    """An empty table, with environment variables that lead to it."""
    table = TableAt(table_url, create_table(table_url))
    for name, value in {**local_account(table.url), "CACHE_TABLE": table.name}.items():
        monkeypatch.setenv(name, value)
    return table


@pytest.fixture
def history_table(table_url: str, monkeypatch: pytest.MonkeyPatch) -> TableAt:
    """An empty table of history, with environment variables that lead to it."""
    table = TableAt(table_url, create_history_table(table_url))
    for name, value in {**local_account(table.url), "HISTORY_TABLE": table.name}.items():
        monkeypatch.setenv(name, value)
    return table


@pytest.fixture
def operations(table: TableAt) -> Iterator[list[Operation]]:  # noqa: ARG001 - of this table
    """What the table has been asked so far, in the order of the answers."""
    with metered() as operations:
        yield operations
