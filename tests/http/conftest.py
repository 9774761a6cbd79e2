"""The API over HTTP on its own port, with the fake pypistats as upstream."""

import datetime as dt
from collections.abc import Iterator

import pytest

from tests.http.served import Clock, Served, served
from tools.fake_pypistats import FakePypistats

NOON = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)


@pytest.fixture
def clock() -> Clock:
    """The time of day for the API and the fake pypistats; a test can move it."""
    return Clock(NOON)


@pytest.fixture
def fake_pypistats(clock: Clock) -> Iterator[FakePypistats]:
    with FakePypistats(now=clock, limits=False) as fake_pypistats:
        yield fake_pypistats


@pytest.fixture
def api(fake_pypistats: FakePypistats, clock: Clock) -> Iterator[Served]:
    """The API as deployed, but without the rate limit, which has its own tests."""
    with served(fake_pypistats.url, clock) as api:
        yield api
