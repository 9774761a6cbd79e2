"""Which question a request asks, and how categories beyond the limit are summed up."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulse.models import By
from pulse.names import ALL_OF_PYPI, PackageName
from pulse.problems import InvalidInput
from pulse.questions import Breakdown, Question, View
from pulse.views import (
    downloads_question,
    top_question,
    total_question,
    version_totals_question,
    with_limit,
)
from tests.counts import NOON, YESTERDAY, counts_of, daily, day

REQUESTS = PackageName.parse("requests")
WINDOW_MONTH = dt.date(2026, 5, 1)
"""The month in which pypistats.org's window begins."""

JANUARY = dt.date(2019, 1, 1)


def view_of(
    by: By,
    start: dt.date | None = None,
    end: dt.date | None = None,
    version: str | None = None,
    mirrors: bool | None = None,
) -> View:
    question = downloads_question(REQUESTS, by, start, end, NOON, version=version, mirrors=mirrors)
    assert (question.package, question.breakdown) == (REQUESTS, Breakdown(by))
    assert question.view is not None
    return question.view


@pytest.mark.parametrize("by", ["overall", "python_major", "python_minor", "system"])
@pytest.mark.parametrize("start", [None, JANUARY])
def test_pypistats_breakdowns_have_no_view(by: By, start: dt.date | None) -> None:
    asked = downloads_question(REQUESTS, by, start, None, NOON, mirrors=False)
    assert asked == Question(REQUESTS, Breakdown(by))


@pytest.mark.parametrize("by", ["version", "country", "installer"])
def test_ranked_breakdowns_ask_for_just_their_days(by: By) -> None:
    """Else the named categories would be the largest of other days."""
    start, end = dt.date(2019, 3, 7), dt.date(2020, 2, 29)
    assert view_of(by, start, end) == View(start, end, mirrors=True, limit=30)
    assert view_of(by, start) == View(start, mirrors=True, limit=30)


@pytest.mark.parametrize("by", ["version", "country", "installer", "file_type"])
def test_default_view_is_the_same_for_a_month(by: By) -> None:
    """So that the next day's requests find an old answer if ClickHouse fails."""
    assert view_of(by).start == WINDOW_MONTH
    for days, month in ((6, WINDOW_MONTH), (7, dt.date(2026, 6, 1))):
        later = NOON + dt.timedelta(days=days)
        asked = downloads_question(REQUESTS, by, None, None, later).view
        assert asked == view_of(by)._replace(start=month)


def test_other_views_begin_on_common_days() -> None:
    start, end = dt.date(2019, 3, 7), dt.date(2020, 2, 29)
    assert view_of("file_type", start, end) == View(JANUARY, mirrors=True)
    assert view_of("overall", start, end, "1.0", mirrors=False) == View(JANUARY, version="1.0")
    assert view_of("system", day(30), version="1.0") == View(dt.date(2026, 10, 1), version="1.0")


@pytest.mark.parametrize("by", ["version", "file_type"])
def test_mirrors_are_left_out_on_request(by: By) -> None:
    assert view_of(by, mirrors=False).mirrors is False
    assert view_of(by, mirrors=True) == view_of(by)


@pytest.mark.parametrize(
    ("start", "first"),
    [
        (dt.date.min, dt.date(2011, 1, 1)),
        (dt.date(2011, 1, 2), dt.date(2011, 1, 2)),
        (dt.date.max, YESTERDAY),
    ],
)
def test_start_is_a_day_that_clickhouse_can_have(start: dt.date, first: dt.date) -> None:
    """It can't read the year 1."""
    assert view_of("version", start).start == first


@pytest.mark.parametrize("end", [YESTERDAY, day(-1), dt.date.max, dt.date.min])
def test_end_without_effect_is_left_out(end: dt.date) -> None:
    assert view_of("version", end=end).end is None


@pytest.mark.parametrize(
    ("by", "version", "parameter"),
    [("country", None, "by"), ("overall", "1.0", "version"), ("version", "1.0", "version")],
)
def test_all_of_pypi_has_no_views(by: By, version: str | None, parameter: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        downloads_question(ALL_OF_PYPI, by, None, None, NOON, version=version)
    assert [error.parameter for error in caught.value.errors or []] == [parameter]
    with pytest.raises(InvalidInput):
        version_totals_question(ALL_OF_PYPI, mirrors=True)


def test_totals_are_of_all_days() -> None:
    assert total_question(REQUESTS).kind == (Breakdown.OVERALL, View(period="all"))
    view = View(period="all", mirrors=False, limit=30)
    assert version_totals_question(REQUESTS, mirrors=False).kind == (Breakdown.VERSION, view)


@pytest.mark.parametrize(
    ("now", "first", "last"),
    [
        (dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC), (2026, 10, 1), (2026, 10, 31)),
        (dt.datetime(2026, 12, 1, 12, tzinfo=dt.UTC), (2026, 11, 1), (2026, 11, 30)),
        (dt.datetime(2026, 12, 1, 1, 9, tzinfo=dt.UTC), (2026, 10, 1), (2026, 10, 31)),
        (dt.datetime(2024, 3, 9, tzinfo=dt.UTC), (2024, 2, 1), (2024, 2, 29)),
    ],
)
def test_top_month_is_the_last_whole_one(
    now: dt.datetime, first: tuple[int, int, int], last: tuple[int, int, int]
) -> None:
    view = View(dt.date(*first), dt.date(*last), period="all", limit=500)
    assert top_question("month", now) == Question(ALL_OF_PYPI, Breakdown.PACKAGE, view)


def test_top_of_all_time_has_no_days() -> None:
    assert top_question("all", NOON).view == View(period="all", limit=500)


def test_categories_beyond_the_limit_are_other() -> None:
    rows = {
        "US": {day(1): 50, day(0): 60},
        "DE": {day(1): 30},
        "FR": {day(0): 20},
        "other": {day(1): 4, day(0): 2},
        "null": {day(0): 9},
    }
    limited = with_limit(counts_of(rows), 1, day(1), day(0)).counts
    assert limited == {"US": [50, 60], "other": [34, 22], "null": [None, 9]}
    assert with_limit(counts_of(rows), 3, day(1), day(0)).counts == counts_of(rows).counts


def test_largest_of_the_answered_days_are_named() -> None:
    counts = counts_of({"DE": {day(9): 900, day(0): 1}, "US": {day(1): 50}, "FR": {day(0): 60}})
    assert list(with_limit(counts, 2, day(1), day(0)).counts) == ["FR", "US", "other"]
    assert list(with_limit(counts, 2, day(9), day(1)).counts) == ["DE", "US", "other"]


def test_limit_without_a_rest_adds_nothing() -> None:
    counts = counts_of({"US": daily(range(3)), "DE": daily(range(2))})
    assert with_limit(counts, 2, day(2), day(0)) == counts
    assert with_limit(counts_of({}), 10, day(2), day(0)).counts == {}


@given(
    st.lists(st.lists(st.none() | st.integers(0, 10**12), min_size=4, max_size=4), max_size=12),
    st.integers(1, 12),
)
def test_limit_keeps_the_sum_of_each_day(columns: list[list[int | None]], limit: int) -> None:
    names = ["a", "b", "c", "d", "other", "e", "f", "g", "null", "h", "i", "j"]
    rows = {
        name: {day(3 - place): count for place, count in enumerate(column) if count is not None}
        for name, column in zip(names, columns, strict=False)
    }
    counts = counts_of(rows)
    limited = with_limit(counts, limit, day(3), day(0))
    assert len(limited.counts.keys() - {"other", "null"}) <= limit
    for ago in range(4):
        before, after = (
            sum(one.of(name).on(day(ago)) or 0 for name in one.counts) for one in (counts, limited)
        )
        assert before == after
