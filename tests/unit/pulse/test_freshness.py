"""How long counts stay fresh, also over a simulated year with late loads."""

import datetime as dt
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulse.freshness import (
    RETRY_LATE_AFTER,
    fresh_until,
    newest_expected,
    window_expected,
)

DAY = dt.timedelta(days=1)
MOMENTS = st.datetimes(
    dt.datetime(2026, 1, 1),  # noqa: DTZ001 - hypothesis wants naive bounds; the zone is added next
    dt.datetime(2027, 1, 1),  # noqa: DTZ001 - as above
    timezones=st.just(dt.UTC),
)


def utc(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("now", "newest"),
    [
        ("2026-11-22T01:10:00", "2026-11-21"),
        ("2026-11-22T23:59:59", "2026-11-21"),
        ("2026-11-22T01:09:59", "2026-11-20"),
        ("2026-11-22T00:00:00", "2026-11-20"),
    ],
)
def test_yesterday_is_expected_from_0110(now: str, newest: str) -> None:
    assert newest_expected(utc(now)) == dt.date.fromisoformat(newest)


def test_time_of_day_is_utc() -> None:
    tokyo = dt.timezone(dt.timedelta(hours=9))
    now = dt.datetime(2026, 11, 22, 10, 0, tzinfo=tokyo)
    assert newest_expected(now) == dt.date(2026, 11, 20)
    assert fresh_until(dt.date(2026, 11, 20), now) == utc("2026-11-22T01:10:00")


def test_window_has_181_days() -> None:
    first, last = window_expected(utc("2026-11-22T12:00:00"))
    assert (first, last) == (dt.date(2026, 5, 25), dt.date(2026, 11, 21))
    assert (last - first).days + 1 == 181


@pytest.mark.parametrize(
    ("newest", "fetched_at", "until"),
    [
        ("2026-11-21", "2026-11-22T12:00:00", "2026-11-23T01:10:00"),
        ("2026-11-21", "2026-11-22T01:10:00", "2026-11-23T01:10:00"),
        ("2026-11-21", "2026-11-22T01:03:00", "2026-11-23T01:10:00"),
        ("2026-11-21", "2026-11-23T00:30:00", "2026-11-23T01:10:00"),
        ("2026-11-21", "2026-11-23T01:10:00", "2026-11-23T01:40:00"),
        ("2026-11-20", "2026-11-22T12:00:00", "2026-11-22T12:30:00"),
        ("2026-05-01", "2026-11-22T12:00:00", "2026-11-22T12:30:00"),
        ("2026-05-01", "2026-11-22T01:00:00", "2026-11-22T01:10:00"),
        ("2027-11-21", "2026-11-22T12:00:00", "2026-11-23T01:10:00"),
    ],
    ids=[
        "yesterday's, until tomorrow's load",
        "yesterday's, just loaded",
        "yesterday's, loaded early",
        "the newest there can be shortly after midnight",
        "behind from ten past one on",
        "upstream is late",
        "nobody downloads it any more",
        "nobody downloads it any more, shortly before a load",
        "a day that has not been yet",
    ],
)
def test_fresh_until_newer_counts_are_expected(newest: str, fetched_at: str, until: str) -> None:
    assert fresh_until(dt.date.fromisoformat(newest), utc(fetched_at)) == utc(until)


@given(MOMENTS, st.integers(min_value=-3, max_value=200))
def test_freshness_is_bounded(fetched_at: dt.datetime, days_behind: int) -> None:
    """Always positive, and never beyond the load after next."""
    newest = newest_expected(fetched_at) - days_behind * DAY
    assert dt.timedelta(0) < fresh_until(newest, fetched_at) - fetched_at <= 2 * DAY


def test_year_of_loads_wastes_few_calls() -> None:
    """Someone asks every ten minutes for a year; upstream is late on one day in five, lost three."""
    random = Random(2026)  # noqa: S311 - a fixed sequence of late loads, not a secret
    midnight = utc("2026-01-01T00:00:00")
    lost = {90, 91, 200}
    loaded_at = {
        midnight.date() + (n - 1) * DAY: midnight
        + n * DAY
        + dt.timedelta(hours=1, minutes=random.randint(2, 10) + 45 * random.choice([0] * 4 + [9]))
        for n in range(366)
        if n not in lost
    }
    kept: tuple[dt.date, dt.datetime] | None = None
    calls, longest_behind = 0, dt.timedelta(0)
    now = midnight + DAY
    while now < midnight + 365 * DAY:
        newest = max(day for day, moment in loaded_at.items() if moment <= now)
        if kept is None or now >= fresh_until(*kept):
            kept = newest, now
            calls += 1
        elif kept[0] != newest:
            longest_behind = max(longest_behind, now - loaded_at[newest])
        now += dt.timedelta(minutes=10)
    late_days = sum(1 for moment in loaded_at.values() if moment.time() > dt.time(1, 10))
    assert longest_behind <= RETRY_LATE_AFTER
    # One call a day; on a late day one each half hour until it is there, on a lost day all day.
    assert 365 <= calls <= 365 + late_days * (6.75 * 2 + 1) + len(lost) * 48
