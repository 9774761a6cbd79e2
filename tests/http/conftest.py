"""The API over HTTP on its own port, with the fake pypistats as upstream."""

import datetime as dt
from collections.abc import Iterator

import pytest

from tests.http.served import Clock, Served, served
from tools.upstream import StandIn

NOON = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)


@pytest.fixture
def clock() -> Clock:
    """The time of day for the API and the fake pypistats; a test can move it."""
    return Clock(NOON)


@pytest.fixture
def stand_in(clock: Clock) -> Iterator[StandIn]:
    with StandIn(now=clock, limits=False) as stand_in:
        yield stand_in


@pytest.fixture
def api(stand_in: StandIn, clock: Clock) -> Iterator[Served]:
    """The API as deployed, but without the rate limit, which has its own tests."""
    with served(stand_in.url, clock) as api:
        yield api
