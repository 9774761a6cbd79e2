"""The series of several packages."""

import csv
import datetime as dt
import io
from typing import Any

import pytest

from pulse.comparison_series import as_csv, comparison_series, csv_headers
from pulse.daily_counts import DailyCounts
from pulse.models import ComparedSeries, ComparisonSeries
from pulse.names import PackageName
from pulse.parameters import CompareDownloadsQuery
from pulse.problems import (
    InvalidInput,
    NothingToCompare,
    Problem,
    UnknownPackage,
    UpstreamThrottled,
    UpstreamTooSlow,
)
from pulse.series import DateRange
from tests.counts import YESTERDAY, counts_of, daily, day

WHOLE = DateRange(None, None)
UNKNOWN = UnknownPackage.named("x")


def steady(days: int, downloads: int = 10) -> DailyCounts:
    """Downloads on each of the last days, twice as many with mirrors."""
    rows = {
        "with_mirrors": daily(range(days), 2 * downloads),
        "without_mirrors": daily(range(days), downloads),
    }
    return counts_of(rows)


def compared(
    outcomes: dict[str, DailyCounts | Problem],
    dates: DateRange = WHOLE,
    **query: Any,  # noqa: ANN401 - any parameter
) -> ComparisonSeries:
    query = {"packages": list(outcomes), **query}
    found = {PackageName.parse(name): one for name, one in outcomes.items()}
    return comparison_series(CompareDownloadsQuery.model_validate(query), dates, found)


ALL_DAYS = DateRange(dt.date.min, None)


def downloads(entry: object) -> list[int]:
    assert isinstance(entry, ComparedSeries)
    return [point.downloads for point in entry.points]


def test_all_packages_cover_the_same_days() -> None:
    series = compared({"old": steady(4), "young": steady(2)})
    assert (series.start, series.end) == (day(3), YESTERDAY)
    assert [downloads(entry) for entry in series.packages] == [[20] * 4, [0, 0, 20, 20]]
    young = series.packages[1]
    assert isinstance(young, ComparedSeries)
    assert (young.total, young.missing_dates) == (40, [day(3), day(2)])


@pytest.mark.parametrize(("mirrors", "count"), [("true", 20), ("false", 10)])
def test_mirrors_picks_a_category(mirrors: str, count: int) -> None:
    series = compared({"a": steady(2)}, mirrors=mirrors)
    assert downloads(series.packages[0]) == [count, count]
    assert series.mirrors is (mirrors == "true")


def test_start_and_end_are_included() -> None:
    series = compared({"a": steady(30)}, DateRange(day(5), day(3)))
    assert (series.start, series.end) == (day(5), day(3))
    assert downloads(series.packages[0]) == [20] * 3


@pytest.mark.parametrize("dates", [DateRange(dt.date.max, None), DateRange(None, dt.date.min)])
def test_no_days_give_no_points(dates: DateRange) -> None:
    series = compared({"a": steady(3), "b": steady(2)}, dates)
    assert [downloads(entry) for entry in series.packages] == [[], []]


def test_weeks_and_months_are_sums() -> None:
    for period, complete in (("week", [False, True, True, False]), ("month", [False, False])):
        series = compared({"a": steady(25)}, period=period)
        (entry,) = series.packages
        assert isinstance(entry, ComparedSeries)
        assert sum(downloads(entry)) == entry.total == 25 * 20
        assert [point.complete for point in entry.points][-1] is complete[-1]


def test_stale_package_ends_with_its_own_last_day() -> None:
    old = counts_of({"with_mirrors": daily(range(2, 5))}, day(2), stale=True)
    series = compared({"stale": old, "ok": steady(5)})
    assert [entry.status for entry in series.packages] == ["stale", "ok"]
    assert [len(downloads(entry)) for entry in series.packages] == [3, 5]
    assert csv_headers(series) == {"x-pulse-stale": "true", "x-pulse-source": "pypistats.org"}


def test_days_that_are_not_kept_have_no_points() -> None:
    """Upstream's window begins 180 days before `as_of`; a package has zeros from there on."""
    series = compared({"kept": steady(400), "other": steady(2)}, DateRange(day(182), day(179)))
    assert [downloads(entry) for entry in series.packages] == [[20] * 4, [0, 0]]
    other = series.packages[1]
    assert isinstance(other, ComparedSeries)
    assert [point.date for point in other.points] == other.missing_dates == [day(180), day(179)]


def test_failure_affects_no_other_package() -> None:
    series = compared({"a": steady(2), "x": UNKNOWN, "y": UpstreamThrottled(9)})
    assert [entry.status for entry in series.packages] == ["ok", "not_found", "throttled"]
    assert list(csv.reader(io.StringIO(as_csv(series), newline=""))) == [
        ["package", "date", "downloads", "status"],
        ["a", str(day(1)), "20", "ok"],
        ["a", str(day(0)), "20", "ok"],
        ["x", "", "", "not_found"],
        ["y", "", "", "throttled"],
    ]


def test_repeated_package_is_once_in_csv() -> None:
    series = compared({"a": steady(2)}, packages=["a", "A"])
    assert len(series.packages) == 2
    assert as_csv(series).count("a,") == 2


def test_unknown_packages_alone_are_an_answer() -> None:
    series = compared({"x": UNKNOWN})
    assert (series.start, series.end) == (None, None)
    assert csv_headers(series) == {"x-pulse-stale": "false"}


def test_failure_of_all_is_a_problem() -> None:
    with pytest.raises(NothingToCompare) as caught:
        compared({"a": UpstreamTooSlow(), "b": UpstreamThrottled(9)})
    assert caught.value.retry_after_s == 9
    assert "(1 throttled, 1 timeout)" in caught.value.detail


def test_too_many_points() -> None:
    outcomes: dict[str, DailyCounts | Problem] = {f"p{number}": steady(500) for number in range(50)}
    with pytest.raises(InvalidInput, match="50 packages with 500 points each"):
        compared(outcomes, ALL_DAYS)
    assert len(compared(outcomes, ALL_DAYS, period="week").packages) == 50
