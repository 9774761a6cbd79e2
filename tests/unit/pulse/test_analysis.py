"""What daily rows add up to."""

import datetime as dt
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulse.analysis import missing_dates, package_stats, weekly_growth
from pulse.models import DailyDownloads, FetchedRows
from pulse.names import PackageName

REQUESTS = PackageName.parse("requests")
NOON = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
NEWEST = dt.date(2026, 11, 21)

DAYS_AGO = st.integers(min_value=0, max_value=180)
DOWNLOADS = st.integers(min_value=0, max_value=10**9)
DAILY = st.dictionaries(
    DAYS_AGO.map(lambda ago: NEWEST - dt.timedelta(days=ago)), DOWNLOADS, min_size=1, max_size=60
)


def day(ago: int) -> dt.date:
    return NEWEST - dt.timedelta(days=ago)


def fetched(rows: list[DailyDownloads]) -> FetchedRows:
    return FetchedRows(rows=rows, source="pypistats.org", fetched_at=NOON)


def rows_of(daily: dict[dt.date, int], category: str = "with_mirrors") -> list[DailyDownloads]:
    return [DailyDownloads(category=category, date=d, downloads=n) for d, n in daily.items()]


def test_the_figures_are_those_that_a_calculator_gives() -> None:
    rows = rows_of({day(n): 10 * (n + 1) for n in range(31)})
    stats = package_stats(REQUESTS, fetched(rows), as_of=NEWEST, mirrors=True)
    assert stats.model_dump(mode="json") == {
        "package": "requests",
        "total_downloads": 4960,
        "latest_date": "2026-11-21",
        "first_date": "2026-10-22",
        "as_of": "2026-11-21",
        "last_day": 10,
        "last_week": 280,
        "last_month": 4650,
        "weekly_growth": pytest.approx(280 / 770 - 1),
        "missing_dates": [],
        "mirrors": True,
        "source": "pypistats.org",
        "fetched_at": "2026-11-22T12:00:00Z",
        "stale": False,
    }


def test_downloads_with_and_without_mirrors_are_never_added() -> None:
    rows = rows_of({NEWEST: 7}, "with_mirrors") + rows_of({NEWEST: 5}, "without_mirrors")
    assert package_stats(REQUESTS, fetched(rows), as_of=NEWEST, mirrors=True).total_downloads == 7
    assert package_stats(REQUESTS, fetched(rows), as_of=NEWEST, mirrors=False).total_downloads == 5


def test_a_package_that_only_mirrors_download_has_zeros_and_no_dates_without_them() -> None:
    stats = package_stats(REQUESTS, fetched(rows_of({NEWEST: 7})), as_of=NEWEST, mirrors=False)
    assert stats.model_dump(exclude={"package", "source", "fetched_at", "mirrors", "stale"}) == {
        "total_downloads": 0,
        "latest_date": None,
        "first_date": None,
        "as_of": NEWEST,
        "last_day": 0,
        "last_week": 0,
        "last_month": 0,
        "weekly_growth": None,
        "missing_dates": [],
    }


def test_a_lost_day_counts_zero_and_is_listed() -> None:
    stats = package_stats(
        REQUESTS, fetched(rows_of({day(2): 4, day(0): 6})), as_of=NEWEST, mirrors=True
    )
    assert stats.missing_dates == [day(1)]
    assert stats.last_week == 10


def test_growth_needs_the_whole_earlier_week() -> None:
    fourteen_days = {day(n): 1 for n in range(14)}
    assert weekly_growth(fourteen_days, NEWEST) == 0
    assert weekly_growth({d: n for d, n in fourteen_days.items() if d > day(13)}, NEWEST) is None


def test_growth_over_a_week_of_zero_is_unknown() -> None:
    assert weekly_growth({day(n): 1 if n < 7 else 0 for n in range(20)}, NEWEST) is None


def test_a_lost_day_leaves_its_weekday_out_of_growth() -> None:
    weekdays = [40, 41, 39, 42, 38, 12, 11]
    daily = {day(n): weekdays[n % 7] * (99 if n < 7 else 100) for n in range(180)}
    for lost in (1, 8, 13):
        there = {d: n for d, n in daily.items() if d != day(lost)}
        assert weekly_growth(there, NEWEST) == pytest.approx(-0.01)


def test_days_without_a_row_count_zero_in_the_growth_of_a_sparse_package() -> None:
    daily = {day(n): 10 for n in range(100) if n % 5}
    daily |= {day(n): 10 for n in (0, 5)}
    assert weekly_growth(daily, NEWEST) == pytest.approx(70 / 60 - 1)


def test_growth_of_a_steady_package_without_a_common_weekday_is_unknown() -> None:
    daily = {day(n): 10 for n in range(14, 180)}
    assert weekly_growth(daily, NEWEST) is None


def test_sums_of_a_package_that_nobody_downloads_any_more_are_zero() -> None:
    stats = package_stats(
        REQUESTS, fetched(rows_of({day(n): 9 for n in range(90, 120)})), as_of=NEWEST, mirrors=True
    )
    assert (stats.last_day, stats.last_week, stats.last_month) == (0, 0, 0)
    assert (stats.latest_date, stats.as_of) == (day(90), NEWEST)
    assert stats.missing_dates == [day(n) for n in reversed(range(90))]


@given(DAILY)
def test_every_day_of_the_window_has_a_row_or_is_missing(daily: dict[dt.date, int]) -> None:
    missing = missing_dates(daily, NEWEST)
    span = (NEWEST - min(daily)).days + 1
    assert len(daily) + len(missing) == span
    assert not set(missing) & set(daily)
    assert missing == sorted(missing)


@given(DAILY, st.randoms())
def test_the_order_of_rows_does_not_matter(daily: dict[dt.date, int], random: Random) -> None:
    rows = rows_of(daily)
    shuffled = random.sample(rows, len(rows))
    expected = package_stats(REQUESTS, fetched(rows), as_of=NEWEST, mirrors=True)
    assert package_stats(REQUESTS, fetched(shuffled), as_of=NEWEST, mirrors=True) == expected


@given(DAILY)
def test_a_day_is_part_of_its_week_and_that_of_its_month(daily: dict[dt.date, int]) -> None:
    stats = package_stats(REQUESTS, fetched(rows_of(daily)), as_of=NEWEST, mirrors=True)
    assert stats.last_day <= stats.last_week <= stats.last_month <= stats.total_downloads
    assert stats.last_day == daily.get(NEWEST, 0)


@given(DAILY, st.integers(min_value=2, max_value=1000))
def test_growth_does_not_depend_on_the_scale(daily: dict[dt.date, int], factor: int) -> None:
    growth = weekly_growth(daily, NEWEST)
    scaled = weekly_growth({d: n * factor for d, n in daily.items()}, NEWEST)
    assert scaled == (growth if growth is None else pytest.approx(growth))
