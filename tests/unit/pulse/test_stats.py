"""Stats of daily counts."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulse.daily_counts import Days
from pulse.names import PackageName
from pulse.stats import missing_dates, package_stats, weekly_growth
from tests.counts import YESTERDAY, counts_of, daily, day

REQUESTS = PackageName.parse("requests")

DAYS_AGO = st.integers(min_value=0, max_value=180)
DOWNLOADS = st.integers(min_value=0, max_value=10**9)
DAILY = st.dictionaries(DAYS_AGO.map(day), DOWNLOADS, min_size=1, max_size=60)


def days_of(downloads: dict[dt.date, int]) -> Days:
    return counts_of({"with_mirrors": downloads}).of("with_mirrors")


def test_figures_of_a_worked_example() -> None:
    counts = counts_of({"with_mirrors": {day(n): 10 * (n + 1) for n in range(31)}})
    stats = package_stats(REQUESTS, counts, mirrors=True)
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


def test_mirror_categories_are_never_added() -> None:
    counts = counts_of({("with_mirrors", day(0)): 7, ("without_mirrors", day(0)): 5})
    assert package_stats(REQUESTS, counts, mirrors=True).total_downloads == 7
    assert package_stats(REQUESTS, counts, mirrors=False).total_downloads == 5


def test_mirrors_only_package_without_mirrors_is_zero() -> None:
    """Its dates are None, too."""
    stats = package_stats(REQUESTS, counts_of({("with_mirrors", day(0)): 7}), mirrors=False)
    assert stats.model_dump(exclude={"package", "source", "fetched_at", "mirrors", "stale"}) == {
        "total_downloads": 0,
        "latest_date": None,
        "first_date": None,
        "as_of": YESTERDAY,
        "last_day": 0,
        "last_week": 0,
        "last_month": 0,
        "weekly_growth": None,
        "missing_dates": [],
    }


def test_dates_belong_to_the_category() -> None:
    """Another category's rows may begin earlier and end later."""
    counts = counts_of({"with_mirrors": daily(range(9)), "without_mirrors": {day(3): 1, day(5): 1}})
    stats = package_stats(REQUESTS, counts, mirrors=False)
    assert (stats.first_date, stats.latest_date) == (day(5), day(3))
    assert stats.missing_dates == [day(4), day(2), day(1), day(0)]


def test_stats_have_source_and_staleness() -> None:
    counts = counts_of({("with_mirrors", day(0)): 7}, source="simulated", stale=True)
    stats = package_stats(REQUESTS, counts, mirrors=True)
    assert (stats.source, stats.stale) == ("simulated", True)


def test_a_lost_day_counts_zero_and_is_listed() -> None:
    counts = counts_of({"with_mirrors": {day(2): 4, day(0): 6}})
    stats = package_stats(REQUESTS, counts, mirrors=True)
    assert stats.missing_dates == [day(1)]
    assert stats.last_week == 10


def test_growth_needs_the_whole_earlier_week() -> None:
    assert weekly_growth(days_of(daily(range(14), 1)), YESTERDAY) == 0
    assert weekly_growth(days_of(daily(range(13), 1)), YESTERDAY) is None


def test_growth_from_zero_is_unknown() -> None:
    downloads = {day(n): 1 if n < 7 else 0 for n in range(20)}
    assert weekly_growth(days_of(downloads), YESTERDAY) is None


def test_growth_leaves_out_weekday_of_lost_day() -> None:
    weekdays = [40, 41, 39, 42, 38, 12, 11]
    downloads = {day(n): weekdays[n % 7] * (99 if n < 7 else 100) for n in range(180)}
    for lost in (1, 8, 13):
        there = {d: n for d, n in downloads.items() if d != day(lost)}
        assert weekly_growth(days_of(there), YESTERDAY) == pytest.approx(-0.01)


@pytest.mark.parametrize(
    ("missing", "growth"),
    [({1, 15}, 0), ({1, 14, 15}, 60 / 70 - 1)],
    ids=["nine of ten days", "fewer"],
)
def test_growth_of_package_with_nine_of_ten_days(missing: set[int], growth: float) -> None:
    """Ten downloads on each of twenty days, but for the missing ones; only day 1 is in the two weeks."""
    downloads = {day(n): 10 for n in range(20) if n not in missing}
    assert weekly_growth(days_of(downloads), YESTERDAY) == pytest.approx(growth)


def test_growth_of_sparse_package_counts_zeros() -> None:
    downloads = {day(n): 10 for n in range(100) if n % 5 or n in (0, 5)}
    assert weekly_growth(days_of(downloads), YESTERDAY) == pytest.approx(70 / 60 - 1)


def test_growth_without_common_weekday_is_unknown() -> None:
    assert weekly_growth(days_of(daily(range(14, 180))), YESTERDAY) is None


def test_retired_package_has_zero_sums() -> None:
    counts = counts_of({"with_mirrors": daily(range(90, 120))}, YESTERDAY)
    stats = package_stats(REQUESTS, counts, mirrors=True)
    assert (stats.last_day, stats.last_week, stats.last_month) == (0, 0, 0)
    assert (stats.latest_date, stats.as_of) == (day(90), YESTERDAY)
    assert stats.missing_dates == [day(n) for n in reversed(range(90))]


@given(DAILY)
def test_each_day_has_a_row_or_is_missing(downloads: dict[dt.date, int]) -> None:
    missing = missing_dates(days_of(downloads), YESTERDAY)
    span = (YESTERDAY - min(downloads)).days + 1
    assert len(downloads) + len(missing) == span
    assert not set(missing) & set(downloads)
    assert missing == sorted(missing)


@given(DAILY, st.sampled_from([1, 7, 30]))
def test_sums_nest_and_match_their_days(downloads: dict[dt.date, int], span: int) -> None:
    stats = package_stats(REQUESTS, counts_of({"with_mirrors": downloads}, day(0)), mirrors=True)
    assert stats.last_day <= stats.last_week <= stats.last_month <= stats.total_downloads
    sums = {1: stats.last_day, 7: stats.last_week, 30: stats.last_month}
    assert sums[span] == sum(downloads.get(day(ago), 0) for ago in range(span))


@given(DAILY, st.integers(min_value=2, max_value=1000))
def test_growth_does_not_depend_on_the_scale(downloads: dict[dt.date, int], factor: int) -> None:
    growth = weekly_growth(days_of(downloads), YESTERDAY)
    scaled = weekly_growth(days_of({d: n * factor for d, n in downloads.items()}), YESTERDAY)
    assert scaled == (growth if growth is None else pytest.approx(growth))
