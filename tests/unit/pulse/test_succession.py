"""What is suddenly empty or far shorter does not take the place of good rows."""

import datetime as dt

from pulse.models import DailyDownloads, FetchedRows
from pulse.succession import may_succeed

NOON = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
TOMORROW = NOON + dt.timedelta(days=1)


def fetched(first: dt.date, days: int, *, at: dt.datetime = NOON) -> FetchedRows:
    """A row a day."""
    rows = [
        DailyDownloads(category="3", date=first + dt.timedelta(days=number), downloads=7)
        for number in range(days)
    ]
    return FetchedRows(rows=rows, source="pypistats.org", fetched_at=at)


HELD = fetched(dt.date(2026, 5, 25), 181)


def test_the_next_days_rows_take_the_place_of_todays() -> None:
    assert may_succeed(HELD, fetched(dt.date(2026, 5, 26), 181, at=TOMORROW), TOMORROW)


def test_an_answer_without_rows_is_not_believed() -> None:
    assert not may_succeed(HELD, None, TOMORROW)


def test_an_answer_that_lacks_most_of_the_days_is_not_believed() -> None:
    assert not may_succeed(HELD, fetched(dt.date(2026, 9, 1), 81, at=TOMORROW), TOMORROW)


def test_days_that_upstream_lost_are_no_reason_to_doubt_the_rest() -> None:
    assert may_succeed(HELD, fetched(dt.date(2026, 5, 26), 95, at=TOMORROW), TOMORROW)


def test_a_category_that_is_gone_counts_as_its_rows() -> None:
    rows = [*HELD.rows, *(row.model_copy(update={"category": "2"}) for row in HELD.rows)]
    held = HELD.model_copy(update={"rows": rows})
    assert may_succeed(held, HELD, TOMORROW)
    assert not may_succeed(held, HELD.model_copy(update={"rows": HELD.rows[:150]}), TOMORROW)


def test_rows_that_have_left_upstreams_window_are_not_missed() -> None:
    held = fetched(dt.date(2026, 5, 1), 25)
    assert may_succeed(held, None, TOMORROW)


def test_what_upstream_says_for_a_week_is_believed() -> None:
    later = NOON + dt.timedelta(days=7)
    assert may_succeed(HELD, None, later)
    assert not may_succeed(HELD, None, later - dt.timedelta(seconds=1))
