"""The core type: downloads by category and day."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulse.daily_counts import DAY, DailyCounts, Days, days_from
from tests.counts import NOON, Cells, counts_of, day

FIRST = dt.date(2026, 11, 1)
DAYS = Days(FIRST, [3, None, 0, 5])

COUNT = st.integers(min_value=0, max_value=2**63 - 1)
AGES = st.integers(min_value=-10, max_value=50)
CELLS = st.dictionaries(
    st.tuples(st.sampled_from(["3.9", "3.10", "null"]), st.integers(0, 40).map(day)),
    COUNT,
    max_size=60,
)
ANY_DAYS = st.builds(Days, st.just(day(40)), st.lists(st.none() | COUNT, max_size=45))


def on(number: int) -> dt.date:
    """The day that many days after FIRST."""
    return FIRST + number * DAY


@pytest.mark.parametrize(
    ("number", "count"), [(-2, None), (-1, None), (0, 3), (1, None), (2, 0), (3, 5), (4, None)]
)
def test_on_a_day(number: int, count: int | None) -> None:
    assert DAYS.on(on(number)) == count


def test_on_first_and_last_calendar_day() -> None:
    assert (DAYS.on(dt.date.min), DAYS.on(dt.date.max)) == (None, None)
    assert (DAYS.until(dt.date.min, 30), DAYS.until(dt.date.max, 30)) == (0, 0)


@pytest.mark.parametrize(
    ("end", "days", "total"),
    [
        (-1, 30, 0),
        (0, 1, 3),
        (0, 30, 3),
        (1, 1, 0),
        (1, 2, 3),
        (3, 1, 5),
        (3, 3, 5),
        (3, 4, 8),
        (3, 30, 8),
        (4, 1, 0),
        (5, 3, 5),
        (6, 3, 0),
        (3, 0, 0),
    ],
)
def test_until_a_day(end: int, days: int, total: int) -> None:
    assert DAYS.until(on(end), days) == total


def test_rows_omit_unknown_and_keep_zeros() -> None:
    assert DAYS.rows == [(on(0), 3), (on(2), 0), (on(3), 5)]


def test_no_days() -> None:
    none = Days(FIRST, [])
    assert (none.rows, none.on(FIRST), none.until(FIRST, 30)) == ([], None, 0)


@given(ANY_DAYS, AGES, st.integers(min_value=0, max_value=60))
def test_until_sums_single_days(days: Days, ago: int, span: int) -> None:
    single = [days.on(day(ago + number)) or 0 for number in range(span)]
    assert days.until(day(ago), span) == sum(single)


@given(ANY_DAYS)
def test_rows_agree_with_on(days: Days) -> None:
    assert all(days.on(date) == count for date, count in days.rows)
    assert sum(count for _, count in days.rows) == days.until(day(-5), 60)


COUNTS = DailyCounts(
    first=FIRST,
    counts={"3.9": [7, None, None], "3.10": [None, None, 1], "null": [0, None, 2]},
    source="pypistats.org",
    fetched_at=NOON,
    as_of=on(2),
    fresh_until=NOON + DAY,
)


def test_rows_by_category_then_day() -> None:
    assert list(COUNTS.rows()) == [
        ("3.9", on(0), 7),
        ("3.10", on(2), 1),
        ("null", on(0), 0),
        ("null", on(2), 2),
    ]


def test_one_category() -> None:
    assert COUNTS.of("3.10") == Days(FIRST, [None, None, 1])


def test_missing_category() -> None:
    assert COUNTS.of("3.1").rows == []


@pytest.mark.parametrize(
    ("number", "categories"),
    [(-1, set()), (0, {"3.9", "null"}), (1, set()), (2, {"3.10", "null"}), (3, set())],
)
def test_categories_on_a_day(number: int, categories: set[str]) -> None:
    assert COUNTS.categories_on(on(number)) == categories


def test_length_in_days() -> None:
    assert (COUNTS.length, counts_of({}).length, counts_of({("3", FIRST): 1}).length) == (3, 0, 1)


def test_as_stale() -> None:
    soon = NOON + dt.timedelta(seconds=10)
    stale = COUNTS.as_stale(soon)
    assert (stale.stale, stale.fresh_until, COUNTS.stale) == (True, soon, False)
    assert (stale.counts, stale.fetched_at, stale.as_of) == (COUNTS.counts, NOON, COUNTS.as_of)


@given(CELLS)
def test_rows_are_all_cells(cells: Cells) -> None:
    counts = counts_of(cells)
    rows = list(counts.rows())
    assert {(category, date): count for category, date, count in rows} == cells
    assert len(rows) == len(cells)
    for category in counts.counts:
        dates = [date for name, date, _ in rows if name == category]
        assert dates == sorted(dates)


@given(CELLS)
def test_categories_match_rows_of_each_day(cells: Cells) -> None:
    counts = counts_of(cells)
    for ago in range(-1, 42):
        there = {category for category, date in cells if date == day(ago)}
        assert counts.categories_on(day(ago)) == there


def test_counts_builder_accepts_both_forms() -> None:
    assert counts_of({"3": {day(0): 7}}) == counts_of({("3", day(0)): 7})


def test_days_from_and_to() -> None:
    assert list(days_from(FIRST, on(2))) == [on(0), on(1), on(2)]
    assert list(days_from(FIRST, FIRST)) == [FIRST]
    assert list(days_from(on(1), FIRST)) == []
