"""The API over HTTP on its own port, with the fake pypistats as upstream."""

import datetime as dt
from collections.abc import Iterator

import pytest

from tests.http.served import Clock, Served, served
from tools.fake_pypistats import FakePypistats

NOON = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)


@pytest.fixture(scope="session")
def suite_clock() -> Clock:
    return Clock(NOON)


@pytest.fixture(scope="session")
def running_fake_pypistats(suite_clock: Clock) -> Iterator[FakePypistats]:
    with FakePypistats(now=suite_clock, limits=False) as fake_pypistats:
        yield fake_pypistats


@pytest.fixture
def clock(suite_clock: Clock) -> Clock:
    """The time of day for the API and the fake pypistats; a test can move it."""
    suite_clock.reset(NOON)
    return suite_clock


@pytest.fixture
def fake_pypistats(clock: Clock, running_fake_pypistats: FakePypistats) -> FakePypistats:  # noqa: ARG001 - it is its clock
    running_fake_pypistats.reset()
    return running_fake_pypistats


@pytest.fixture
def api(fake_pypistats: FakePypistats, clock: Clock) -> Iterator[Served]:
    """The API as deployed, but without the rate limit, which has its own tests."""
    with served(fake_pypistats.url, clock) as api:
        yield api
