"""The newest day that upstream has loaded, and how long counts stay complete."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace

import pytest

from pulse.as_of import GUESS_KEPT_FOR, is_known, needs_recent, own_as_of, with_all, with_recent
from pulse.daily_counts import DailyCounts
from pulse.freshness import RETRY_LATE_AFTER
from pulse.models import RecentDownloads
from tests.counts import NOON, YESTERDAY, counts_of, day

NEXT_LOAD = dt.datetime(2026, 11, 23, 1, 10, tzinfo=dt.UTC)
LATE_UNTIL = NOON + RETRY_LATE_AFTER
BOTH = ("with_mirrors", "without_mirrors")


def fetched(ages: Mapping[int, tuple[str, ...]]) -> DailyCounts:
    """Counts as parsed: 10 downloads in each category of a day; days are in days before yesterday."""
    cells = {
        (category, day(ago)): 10 for ago, categories in ages.items() for category in categories
    }
    counts = counts_of(cells)
    return own_as_of(counts.first, counts.counts, counts.source, NOON)


def dated(counts: DailyCounts) -> tuple[dt.date, dt.datetime]:
    return counts.as_of, counts.fresh_until


WHOLE = fetched(dict.fromkeys(range(60), BOTH))
LATE = fetched(dict.fromkeys(range(1, 60), BOTH))
HALF_LOADED = fetched({0: ("with_mirrors",), **dict.fromkeys(range(1, 60), BOTH)})
EMPTY = fetched({})


@pytest.mark.parametrize(
    ("counts", "newest", "known"),
    [
        (WHOLE, YESTERDAY, True),
        (LATE, day(1), False),
        (HALF_LOADED, day(1), False),
        (fetched({0: ("with_mirrors",), 1: ("with_mirrors",), 2: BOTH}), day(1), False),
        (fetched({0: ("with_mirrors",), 2: BOTH}), day(1), False),
        (fetched({0: ("with_mirrors",)}), day(1), False),
        (fetched({0: BOTH, 1: ("with_mirrors",)}), YESTERDAY, True),
        (fetched({0: ("3.13",), 1: ("3.13", "3.14")}), day(1), False),
        (fetched({0: ("3.13",), 2: ("3.14",)}), YESTERDAY, True),
    ],
    ids=[
        "whole",
        "late",
        "half loaded",
        "mirrors alone",
        "half loaded after a lost day",
        "its first day",
        "a new category",
        "a version is missing",
        "a version is not in use",
    ],
)
def test_day_without_a_category_is_not_whole(
    counts: DailyCounts, newest: dt.date, known: bool
) -> None:
    """A day with downloads by mirrors alone may be half loaded, or the package may have no others."""
    assert (counts.as_of, is_known(counts)) == (newest, known)
    assert counts.fresh_until == (NEXT_LOAD if known else LATE_UNTIL)


def test_without_rows_no_day_is_known() -> None:
    assert not is_known(EMPTY)
    assert EMPTY.fresh_until == LATE_UNTIL


def recent_of(counts: DailyCounts, end: dt.date) -> RecentDownloads:
    """Upstream's `recent` sums of these rows, up to a day."""
    downloads = {
        date: count for category, date, count in counts.rows() if category == "without_mirrors"
    }
    last = [downloads.get(end - dt.timedelta(days=ago), 0) for ago in range(30)]
    return RecentDownloads(last_day=last[0], last_week=sum(last[:7]), last_month=sum(last))


@pytest.mark.parametrize(
    ("everything", "needed", "as_of"),
    [(WHOLE, False, YESTERDAY), (HALF_LOADED, False, day(1)), (LATE, True, day(1))],
)
def test_all_of_pypi_shows_what_is_loaded(
    everything: DailyCounts, needed: bool, as_of: dt.date
) -> None:
    """Upstream's sums are needed only if the day may be lost."""
    assert (needs_recent(everything), everything.as_of) == (needed, as_of)


@pytest.mark.parametrize(("loaded", "until"), [(day(0), NEXT_LOAD), (day(1), LATE_UNTIL)])
@pytest.mark.parametrize("lost_ago", [None, 2, 6, 7, 8, 13, 29, 30, 31])
def test_sums_distinguish_lost_and_late_days(
    loaded: dt.date, until: dt.datetime, lost_ago: int | None
) -> None:
    # With a day lost a week ago, two spans of a week that end a day apart have the same sum.
    everything = fetched(dict.fromkeys((ago for ago in range(1, 100) if ago != lost_ago), BOTH))
    told = with_recent(everything, recent_of(everything, loaded))
    assert told == replace(everything, as_of=loaded, fresh_until=until)


def test_unmatched_sums_change_nothing() -> None:
    recent = RecentDownloads(last_day=1, last_week=1, last_month=1)
    assert with_recent(LATE, recent) == LATE


RETIRED = fetched(dict.fromkeys(range(50, 90), BOTH))
LATE_BY_TWO = fetched(dict.fromkeys(range(2, 60), BOTH))


def test_loaded_day_without_rows_is_complete() -> None:
    complete = replace(RETIRED, as_of=YESTERDAY, fresh_until=NEXT_LOAD)
    assert with_all(RETIRED, WHOLE, NOON, None) == complete
    assert dated(with_all(EMPTY, WHOLE, NOON, None)) == (YESTERDAY, NEXT_LOAD)


def test_counts_are_late_until_day_is_loaded() -> None:
    assert dated(with_all(RETIRED, LATE, NOON, None)) == (day(1), LATE_UNTIL)


@pytest.mark.parametrize("counts", [RETIRED, EMPTY, LATE_BY_TWO])
def test_load_two_days_late_for_all(counts: DailyCounts) -> None:
    """A package without rows is not ahead of one that has some."""
    assert dated(with_all(counts, LATE_BY_TWO, NOON, None)) == (day(2), LATE_UNTIL)


def test_own_rows_may_be_ahead_of_all() -> None:
    assert with_all(LATE, LATE_BY_TWO, NOON, None) == LATE


def test_counts_from_before_the_load_are_incomplete() -> None:
    everything = replace(WHOLE, fetched_at=NOON + dt.timedelta(minutes=5))
    assert dated(with_all(LATE, everything, NOON, None)) == (day(1), LATE_UNTIL)
    assert dated(with_all(RETIRED, everything, NOON, None)) == (day(1), LATE_UNTIL)


def test_guess_without_all_of_pypi_needs_no_second_call() -> None:
    assert dated(with_all(LATE, None, NOON, None)) == (day(1), LATE_UNTIL)
    assert dated(with_all(RETIRED, None, NOON, YESTERDAY)) == (YESTERDAY, LATE_UNTIL)
    assert dated(with_all(EMPTY, None, NOON, None)) == (YESTERDAY, LATE_UNTIL)


def test_guess_that_is_far_behind_lasts_seconds() -> None:
    assert dated(with_all(RETIRED, None, NOON, None)) == (day(50), NOON + GUESS_KEPT_FOR)


@pytest.mark.parametrize(
    ("counts", "seen", "guess"),
    [
        (EMPTY, day(3), day(3)),
        (EMPTY, day(-1), YESTERDAY),
        (RETIRED, day(-1), YESTERDAY),
        (LATE, day(3), day(1)),
    ],
    ids=["empty", "empty, seen too much", "seen too much", "own rows are ahead"],
)
def test_guess_keeps_to_what_was_seen(counts: DailyCounts, seen: dt.date, guess: dt.date) -> None:
    assert with_all(counts, None, NOON, seen).as_of == guess
