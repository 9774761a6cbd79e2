"""The API over HTTP on a port of its own, with the stand-in upstream below it."""

import datetime as dt
from collections.abc import Iterator

import pytest

from tests.http.served import Clock, Served, served
from workbench.upstream import StandIn

NOON = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)


@pytest.fixture
def clock() -> Clock:
    """The time of day for the API and the stand-in alike; a test moves it."""
    return Clock(NOON)


@pytest.fixture
def stand_in(clock: Clock) -> Iterator[StandIn]:
    with StandIn(now=clock, limits=False) as stand_in:
        yield stand_in


@pytest.fixture
def api(stand_in: StandIn, clock: Clock) -> Iterator[Served]:
    """The API as deployed, but for the budget, which has tests of its own."""
    with served(stand_in.url, clock) as api:
        yield api
