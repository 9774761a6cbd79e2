"""The newest day that upstream has loaded, and for how long rows are complete because of it."""

import datetime as dt

import pytest

from pulse.as_of import HOLD_OFF, Loaded, loaded_day, newest_whole_day, own_as_of, supply
from pulse.freshness import RETRY_LATE_AFTER
from pulse.models import DailyDownloads, FetchedRows, RecentDownloads, Supply

NOON = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
YESTERDAY = dt.date(2026, 11, 21)
NEXT_LOAD = dt.datetime(2026, 11, 23, 1, 10, tzinfo=dt.UTC)
BOTH = ("with_mirrors", "without_mirrors")


def day(ago: int) -> dt.date:
    """A day, so many before yesterday."""
    return YESTERDAY - dt.timedelta(days=ago)


def fetched(days: dict[int, tuple[str, ...]], *, stale: bool = False) -> FetchedRows:
    """Rows with 10 downloads for each of these categories, by how many days before yesterday."""
    rows = [
        DailyDownloads(category=category, date=day(ago), downloads=10)
        for ago, categories in days.items()
        for category in categories
    ]
    return FetchedRows(rows=rows, source="pypistats.org", fetched_at=NOON, stale=stale)


WHOLE = fetched(dict.fromkeys(range(60), BOTH))
LATE = fetched(dict.fromkeys(range(1, 60), BOTH))
HALF_LOADED = fetched({0: ("with_mirrors",), **dict.fromkeys(range(1, 60), BOTH)})


@pytest.mark.parametrize(
    ("rows", "newest", "as_of"),
    [
        (WHOLE, YESTERDAY, YESTERDAY),
        (LATE, day(1), None),
        (HALF_LOADED, day(1), None),
        (fetched({}), None, None),
        (fetched({0: ("with_mirrors",), 1: ("with_mirrors",)}), YESTERDAY, YESTERDAY),
        (fetched({0: BOTH, 1: ("with_mirrors",)}), YESTERDAY, YESTERDAY),
    ],
    ids=["whole", "late", "half loaded", "without rows", "mirrors alone", "a new category"],
)
def test_a_day_with_a_category_missing_is_not_whole(
    rows: FetchedRows, newest: dt.date | None, as_of: dt.date | None
) -> None:
    assert (newest_whole_day(rows.rows), own_as_of(rows)) == (newest, as_of)


def recent_of(rows: FetchedRows, end: dt.date) -> RecentDownloads:
    """Upstream's own sums of these rows, which end with a day."""
    counts = {r.date: r.downloads for r in rows.rows if r.category == "without_mirrors"}
    last = [counts.get(end - dt.timedelta(days=ago), 0) for ago in range(30)]
    return RecentDownloads(last_day=last[0], last_week=sum(last[:7]), last_month=sum(last))


@pytest.mark.parametrize(
    ("everything", "loaded"), [(WHOLE, YESTERDAY), (HALF_LOADED, day(1)), (LATE, None)]
)
def test_rows_of_all_of_pypi_tell_what_is_loaded_unless_the_day_may_be_lost(
    everything: FetchedRows, loaded: dt.date | None
) -> None:
    assert loaded_day(everything, YESTERDAY) == loaded


@pytest.mark.parametrize("loaded", [day(0), day(1)])
@pytest.mark.parametrize("lost_ago", [None, 2, 6, 7, 8, 13, 29, 30, 31])
def test_upstreams_sums_tell_a_lost_day_from_a_late_one(
    loaded: dt.date, lost_ago: int | None
) -> None:
    # With a day lost a week ago, two spans of a week that end a day apart have the same sum.
    ages = [ago for ago in range(1, 100) if ago != lost_ago]
    everything = fetched(dict.fromkeys(ages, BOTH))
    recent = recent_of(everything, loaded)
    assert loaded_day(everything, YESTERDAY, recent) == loaded


def test_sums_that_fit_no_day_do_not_make_one_loaded() -> None:
    recent = RecentDownloads(last_day=1, last_week=1, last_month=1)
    assert loaded_day(LATE, YESTERDAY, recent) == day(1)


RETIRED = fetched(dict.fromkeys(range(50, 90), BOTH))


def test_rows_that_lack_a_loaded_day_are_complete() -> None:
    loaded = Loaded(YESTERDAY, NOON)
    assert supply(RETIRED, loaded, NOON) == Supply(RETIRED, YESTERDAY, NEXT_LOAD)
    assert supply(fetched({}), loaded, NOON)[1:] == (YESTERDAY, NEXT_LOAD)


def test_rows_are_late_where_the_day_is_not_loaded() -> None:
    late = Loaded(day(1), NOON)
    assert supply(RETIRED, late, NOON)[1:] == (day(1), NOON + RETRY_LATE_AFTER)


def test_rows_that_were_fetched_before_the_load_are_not_taken_for_complete() -> None:
    loaded = Loaded(YESTERDAY, NOON + dt.timedelta(minutes=5))
    assert supply(LATE, loaded, NOON)[1:] == (day(1), NOON + RETRY_LATE_AFTER)


def test_without_all_of_pypi_the_day_is_a_guess_that_holds_for_seconds() -> None:
    soon = NOON + HOLD_OFF
    assert supply(RETIRED, None, NOON)[1:] == (day(50), soon)
    assert supply(RETIRED, None, NOON, seen=YESTERDAY)[1:] == (YESTERDAY, soon)
    assert supply(fetched({}), None, NOON)[1:] == (YESTERDAY, soon)
