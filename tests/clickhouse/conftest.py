"""ClickHouse servers with the public endpoint's profile and invented rows."""

from collections.abc import Iterator
from datetime import date
from typing import Final
from uuid import uuid4

import pytest

from tests.counts import NOON
from tests.http.served import Clock, Served, served
from tests.left_out import machine_with
from tools.clickhouse.load import load
from tools.clickhouse.rows import ARCHIVED, MALFORMED
from tools.clickhouse.server import ClickHouse, clickhouse, ensure_installed
from tools.fake_pypistats import FakePypistats
from tools.fake_pypistats.packages import DEBUT, HERMIT, MIRRORED, NEWCOMER, RETIRED
from tools.runtime.machine import Machine

NEWEST: Final = date(2026, 11, 21)
"""The newest day of all servers."""

SMALL: Final = (DEBUT, MIRRORED)
LOADED: Final = ("requests", "httpx", NEWCOMER, RETIRED, HERMIT, *SMALL, ARCHIVED, MALFORMED)
"""The packages that the server without a quota has."""

FEW_QUERIES: Final = 3
PASSWORD: Final = 'päss:wörd %20 "quoted"'  # noqa: S105 - of a server on loopback, with invented rows


@pytest.fixture(scope="session")
def machine() -> Machine:
    """This machine, with ClickHouse on it."""
    return machine_with(ensure_installed)


@pytest.fixture(scope="session")
def server(machine: Machine) -> Iterator[ClickHouse]:
    """A server without a quota, with the rows of `LOADED`. Tests change nothing in the database `pypi`."""
    with clickhouse(machine, queries_per_hour=0) as server:
        load(server, NEWEST, LOADED)
        yield server


@pytest.fixture
def database(server: ClickHouse) -> Iterator[str]:
    """The name of a database of the test's own in `server`, which the test makes."""
    name = f"own_{uuid4().hex}"
    yield name
    server.execute(f"DROP DATABASE IF EXISTS {name}")


@pytest.fixture
def server_with_quota(machine: Machine) -> Iterator[ClickHouse]:
    """A server that answers `FEW_QUERIES` within an hour, with the rows of `SMALL`."""
    with clickhouse(machine, queries_per_hour=FEW_QUERIES) as server:
        load(server, NEWEST, SMALL)
        yield server


@pytest.fixture(scope="session")
def server_with_password(machine: Machine) -> Iterator[ClickHouse]:
    """A server that wants `PASSWORD`, with the rows of `SMALL`."""
    with clickhouse(machine, queries_per_hour=0, password=PASSWORD) as server:
        load(server, NEWEST, SMALL)
        yield server


@pytest.fixture(scope="module")
def fake_pypistats() -> Iterator[FakePypistats]:
    with FakePypistats(now=NOON, limits=False) as fake_pypistats:
        yield fake_pypistats


@pytest.fixture(scope="module")
def api(server: ClickHouse, fake_pypistats: FakePypistats) -> Iterator[Served]:
    """The API over both sources. Its clock stands still, so an answer is kept for all tests."""
    clickhouse = {**server.environ(), "CLICKHOUSE_PER_HOUR": "0"}
    with served(fake_pypistats.url, Clock(NOON), **clickhouse) as api:
        yield api
