"""Download series by category."""

import csv
import datetime as dt
import io
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulse.models import DownloadSeries, Period
from pulse.names import PackageName
from pulse.parameters import DownloadsQuery
from pulse.problems import InvalidInput
from pulse.series import (
    MAX_POINTS,
    DateRange,
    as_csv,
    category_order,
    download_series,
    read_dates,
)
from tests.counts import YESTERDAY, Cells, Rows, counts_of, day

REQUESTS = PackageName.parse("requests")
WHOLE = DateRange(None, None)

PERIODS = st.sampled_from(["day", "week", "month"])
CELLS = st.dictionaries(
    st.tuples(
        st.sampled_from(["3.9", "3.10", "null"]),
        st.integers(min_value=0, max_value=120).map(day),
    ),
    st.integers(min_value=0, max_value=10**9),
    min_size=1,
    max_size=80,
)


def series_of(
    rows: Rows,
    dates: DateRange = WHOLE,
    as_of: dt.date | None = None,
    **query: Any,  # noqa: ANN401 - any parameter
) -> DownloadSeries:
    asked = DownloadsQuery.model_validate({"by": "python_minor", **query})
    return download_series(REQUESTS, asked, dates, counts_of(rows, as_of))


def november(day: int) -> dt.date:
    return dt.date(2026, 11, day)


def test_days_without_rows_are_zero_or_missing() -> None:
    """A day without a row in any category is listed as missing."""
    series = series_of({"3.9": {november(1): 5, november(4): 6}, "3.10": {november(2): 7}})
    assert [(one.category, [p.downloads for p in one.points]) for one in series.series] == [
        ("3.9", [5, 0, 0, 6]),
        ("3.10", [0, 7, 0, 0]),
    ]
    assert series.missing_dates == [november(3)]
    assert (series.start, series.end) == (november(1), november(4))


def test_weeks_start_on_mondays() -> None:
    """A week that is cut off is not complete."""
    rows = {"3.9": {november(number): 1 for number in range(1, 17)}}
    (one,) = series_of(rows, period="week").series
    assert [(p.date.isoformat(), p.downloads, p.complete) for p in one.points] == [
        ("2026-10-26", 1, False),
        ("2026-11-02", 7, True),
        ("2026-11-09", 7, True),
        ("2026-11-16", 1, False),
    ]


@pytest.mark.parametrize(
    ("first", "last", "complete"),
    [
        (dt.date(2026, 2, 1), dt.date(2026, 2, 28), True),
        (dt.date(2026, 2, 2), dt.date(2026, 2, 28), False),
        (dt.date(2028, 2, 1), dt.date(2028, 2, 28), False),
        (dt.date(2028, 2, 1), dt.date(2028, 2, 29), True),
        (dt.date(2026, 12, 1), dt.date(2026, 12, 31), True),
    ],
)
def test_month_is_complete_with_its_last_day(first: dt.date, last: dt.date, complete: bool) -> None:
    (one,) = series_of({"3.9": {first: 1, last: 1}}, period="month").series
    assert [(p.date, p.downloads, p.complete) for p in one.points] == [
        (first.replace(day=1), 2, complete)
    ]


def test_start_and_end_are_included() -> None:
    rows = {"3.9": {november(number): number for number in range(1, 11)}}
    series = series_of(rows, DateRange(november(3), november(5)))
    assert [p.downloads for p in series.series[0].points] == [3, 4, 5]
    assert series.series[0].total == 12


def test_versions_sort_as_versions_null_last() -> None:
    names = ["null", "3.10", "3.9", "2.7", "3.14"]
    assert sorted(names, key=category_order) == ["2.7", "3.9", "3.10", "3.14", "null"]


def test_systems_sort_ignoring_case_null_last() -> None:
    names = ["null", "other", "Windows", "Linux", "Darwin"]
    assert sorted(names, key=category_order) == ["Darwin", "Linux", "other", "Windows", "null"]


@pytest.mark.parametrize(
    ("mirrors", "categories"),
    [
        (None, ["with_mirrors", "without_mirrors"]),
        ("true", ["with_mirrors"]),
        ("false", ["without_mirrors"]),
    ],
)
def test_mirrors_picks_one_category_of_overall(mirrors: str | None, categories: list[str]) -> None:
    rows = {("with_mirrors", YESTERDAY): 7, ("without_mirrors", YESTERDAY): 5}
    query: dict[str, Any] = {} if mirrors is None else {"mirrors": mirrors}
    series = series_of(rows, WHOLE, by="overall", **query)
    assert [one.category for one in series.series] == categories


@pytest.mark.parametrize(
    ("start", "end", "says"),
    [
        ("yesterday", None, "start: It must be a date such as 2026-11-21."),
        (None, "2026-02-30", "end: It must be a date such as 2026-11-21."),
        ("2026-11-21T00:00:00", None, "start: It must be a date"),
        ("20261121", None, "start: It must be a date"),
        ("1763683200", None, "start: It must be a date"),
        ("", None, "start: It must be a date"),
        ("2026-11-05", "2026-11-04", "start: It is after the end, 2026-11-04."),
    ],
)
def test_bad_dates_are_refused(start: str | None, end: str | None, says: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_dates(DownloadsQuery(start=start, end=end))
    assert says in caught.value.detail


def test_errors_of_both_dates_are_listed() -> None:
    with pytest.raises(InvalidInput) as caught:
        read_dates(DownloadsQuery(start="a", end="b"))
    assert [error.parameter for error in caught.value.errors or []] == ["start", "end"]


TOMORROW = november(23)
SPARSE = {"3.9": {november(10): 4, november(18): 5}}
"""A package whose first download was 11 days ago and whose last was three days ago."""


@pytest.mark.parametrize(
    ("start", "end", "answered", "points", "missing"),
    [
        (YESTERDAY, YESTERDAY, (YESTERDAY, YESTERDAY), [0], 1),
        (november(18), TOMORROW, (november(18), YESTERDAY), [5, 0, 0, 0], 3),
        (november(17), None, (november(17), YESTERDAY), [0, 5, 0, 0, 0], 4),
        (None, november(11), (november(10), november(11)), [4, 0], 1),
        (dt.date(2026, 10, 23), YESTERDAY, (dt.date(2026, 10, 23), YESTERDAY), 30, 28),
        (dt.date(2020, 1, 1), None, (dt.date(2026, 5, 25), YESTERDAY), 181, 179),
        (None, None, (november(10), YESTERDAY), 12, 10),
    ],
    ids=[
        "a day without a row",
        "an end after the newest loaded day",
        "a start alone",
        "an end alone",
        "a start before the first row",
        "a start before the window",
        "no dates",
    ],
)
def test_any_date_is_allowed(
    start: dt.date | None,
    end: dt.date | None,
    answered: tuple[dt.date, dt.date],
    points: list[int] | int,
    missing: int,
) -> None:
    series = series_of(SPARSE, DateRange(start, end), YESTERDAY)
    (one,) = series.series
    counts = [point.downloads for point in one.points]
    assert (series.start, series.end, series.as_of) == (*answered, YESTERDAY)
    assert (len(counts) if isinstance(points, int) else counts) == points
    assert len(series.missing_dates) == missing


@pytest.mark.parametrize(
    ("start", "end", "answered"),
    [
        (dt.date(2020, 1, 1), dt.date(2020, 12, 31), (dt.date(2020, 1, 1), dt.date(2020, 12, 31))),
        (TOMORROW, None, (TOMORROW, TOMORROW)),
        (None, november(9), (november(9), november(9))),
        (dt.date.min, dt.date.min, (dt.date.min, dt.date.min)),
        (dt.date.max, dt.date.max, (dt.date.max, dt.date.max)),
    ],
)
def test_no_days_give_no_points(
    start: dt.date | None, end: dt.date | None, answered: tuple[dt.date, dt.date]
) -> None:
    series = series_of(SPARSE, DateRange(start, end), YESTERDAY)
    assert [(one.category, one.total, one.points) for one in series.series] == [("3.9", 0, [])]
    assert (series.start, series.end, series.missing_dates) == (*answered, [])


@pytest.mark.parametrize(
    ("dates", "start"), [(WHOLE, day(2)), (DateRange(day(300), None), day(200))]
)
def test_days_without_rows_may_be_kept(dates: DateRange, start: dt.date) -> None:
    """Counts that begin with 198 days without a row: only a `start` asks for these days."""
    counts = replace(counts_of({}), first=day(200), counts={"3.9": [None] * 198 + [4, 5, 6]})
    series = download_series(REQUESTS, DownloadsQuery(by="python_minor"), dates, counts)
    (one,) = series.series
    assert (series.start, one.points[0].date, one.total) == (start, start, 15)


def test_package_without_rows_has_no_series() -> None:
    series = series_of({}, DateRange(november(20), None), YESTERDAY, by="system")
    assert (series.series, series.missing_dates) == ([], [november(20), november(21)])


@pytest.mark.parametrize(
    ("by", "mirrors", "told"),
    [
        ("overall", None, None),
        ("overall", "true", True),
        ("overall", "false", False),
        ("system", None, False),
    ],
)
def test_answer_says_whether_mirrors_are_counted(
    by: str, mirrors: str | None, told: bool | None
) -> None:
    query: dict[str, Any] = {} if mirrors is None else {"mirrors": mirrors}
    assert series_of(SPARSE, by=by, **query).mirrors is told


def wide(categories: int, days: int) -> Rows:
    """Rows of that many categories and days: each category has one on the first and on the last day."""
    names = [f"3.{number}" for number in range(categories)]
    return {name: {day(0): 1, day(days - 1): 1} for name in names}


@pytest.mark.parametrize(
    ("categories", "days", "query", "parameter", "says"),
    [
        (201, 100, {}, "period", "Ask for 'week' or 'month', or for fewer days"),
        (2_001, 64, {"period": "week"}, "period", "Ask for 'month', or for fewer days"),
        (4_001, 150, {"period": "month"}, "start", "Ask for fewer days with 'start' and 'end'."),
    ],
)
def test_too_many_points(
    categories: int, days: int, query: dict[str, Any], parameter: str, says: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        series_of(wide(categories, days), **query)
    (error,) = caught.value.errors or []
    assert (error.location, error.parameter) == ("query", parameter)
    assert says in error.detail
    assert f"{categories:,} categories" in error.detail


def test_largest_answer_allowed() -> None:
    series = series_of(wide(200, 100))
    assert sum(len(one.points) for one in series.series) == MAX_POINTS


def test_suggested_period_has_fewer_points() -> None:
    rows = wide(300, 181)
    with pytest.raises(InvalidInput, match="300 categories with 181 points each"):
        series_of(rows)
    for fewer in (
        series_of(rows, period="week"),
        series_of(rows, period="month"),
        series_of(rows, DateRange(day(65), None)),
    ):
        assert len(fewer.series) == 300


def test_categories_left_out_make_no_points() -> None:
    cells = {(name, day(0)): 1 for name in ("with_mirrors", *map(str, range(MAX_POINTS)))}
    assert len(series_of(cells, by="overall", mirrors="true").series) == 1


@given(CELLS, PERIODS)
def test_periods_keep_the_total(rows: Cells, period: Period) -> None:
    by_period, by_day = series_of(rows, period=period), series_of(rows, period="day")
    for longer, daily in zip(by_period.series, by_day.series, strict=True):
        expected = sum(n for (category, _), n in rows.items() if category == longer.category)
        assert longer.total == daily.total == expected
        assert longer.total == sum(point.downloads for point in longer.points)


@given(CELLS, PERIODS)
def test_categories_share_dates_without_gaps(rows: Cells, period: Period) -> None:
    series = series_of(rows, period=period)
    dates = {tuple(point.date for point in one.points) for one in series.series}
    (shared,) = dates
    assert list(shared) == sorted(set(shared))
    complete = [point.complete for point in series.series[0].points]
    assert all(complete[1:-1])


@given(CELLS, PERIODS)
def test_csv_has_the_same_points(rows: Cells, period: Period) -> None:
    series = series_of(rows, period=period)
    header, *lines = csv.reader(io.StringIO(as_csv(series)))
    assert header == ["date", "category", "downloads"]
    assert lines == [
        [point.date.isoformat(), one.category, str(point.downloads)]
        for one in series.series
        for point in one.points
    ]


@pytest.mark.parametrize(
    "category", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", '=HYPERLINK("x")']
)
def test_csv_cells_are_no_formulas(category: str) -> None:
    _, (_, cell, _) = csv.reader(io.StringIO(as_csv(series_of({(category, YESTERDAY): 1}))))
    assert cell == f"'{category}"


@pytest.mark.parametrize("category", ["3.10", "null", "with_mirrors", "a=b", "'", "3-1"])
def test_other_csv_cells_are_unchanged(category: str) -> None:
    _, (_, cell, _) = csv.reader(io.StringIO(as_csv(series_of({(category, YESTERDAY): 1}))))
    assert cell == category


def test_ranked_categories_are_in_order_with_the_rest_last() -> None:
    """The source ranks them by downloads; `null` is not counted."""
    rows = {
        "1.9": {november(1): 9},
        "1.10": {november(1): 8},
        "zeta": {november(1): 7},
        "1.2": {november(1): 6},
        "other": {november(1): 5},
        "null": {november(1): 4},
    }
    series = series_of(rows, by="version", limit=3)
    assert [(one.category, one.total) for one in series.series] == [
        ("zeta", 7),
        ("1.9", 9),
        ("1.10", 8),
        ("other", 11),
        ("null", 4),
    ]


def test_ten_categories_are_named_by_default() -> None:
    rows = {f"1.{number}": {november(1): 99 - number} for number in range(12)}
    for by in ("version", "country", "installer"):
        series = series_of(rows, by=by).series
        assert [one.category for one in series] == [f"1.{n}" for n in range(10)] + ["other"]
    assert len(series_of(rows, by="file_type").series) == 12


@pytest.mark.parametrize(
    ("query", "mirrors"),
    [
        ({"by": "overall"}, None),
        ({"by": "overall", "mirrors": "false"}, False),
        ({"by": "system"}, False),
        ({"by": "version"}, True),
        ({"by": "file_type", "mirrors": "false"}, False),
    ],
)
def test_series_says_whether_mirrors_count(query: dict[str, Any], mirrors: bool | None) -> None:
    assert series_of({"a": {november(1): 1}}, **query).mirrors is mirrors


def test_series_of_a_version_names_it() -> None:
    rows = {"Linux": {november(1): 1}}
    assert series_of(rows, by="system", version="1.0").version == "1.0"
    assert "version" not in series_of(rows, by="system").model_dump()
