"""What is suddenly empty or far shorter does not take the place of good counts."""

import datetime as dt

from pulse.daily_counts import DailyCounts
from pulse.plausibility import is_plausible
from tests.counts import NOON, counts_of, daily

TOMORROW = NOON + dt.timedelta(days=1)
WINDOW = range(181)


def counts(*categories: range, at: dt.datetime = NOON) -> DailyCounts:
    """A row on each of these days, by how many days they are before yesterday, of each category."""
    return counts_of({str(n): daily(days) for n, days in enumerate(categories)}, fetched_at=at)


HELD = counts(WINDOW)


def test_the_next_days_counts_take_the_place_of_todays() -> None:
    assert is_plausible(HELD, counts(range(-1, 180), at=TOMORROW), TOMORROW)


def test_an_answer_without_rows_is_not_believed() -> None:
    assert not is_plausible(HELD, None, TOMORROW)
    assert not is_plausible(HELD, counts(at=TOMORROW), TOMORROW)


def test_an_answer_that_lacks_most_of_the_days_is_not_believed() -> None:
    assert not is_plausible(HELD, counts(range(1, 82), at=TOMORROW), TOMORROW)


def test_days_that_upstream_lost_are_no_reason_to_doubt_the_rest() -> None:
    assert is_plausible(HELD, counts(range(85, 180), at=TOMORROW), TOMORROW)


def test_a_category_that_is_gone_counts_as_its_rows() -> None:
    held = counts(WINDOW, WINDOW)
    assert is_plausible(held, HELD, TOMORROW)
    assert not is_plausible(held, counts(range(31, 181)), TOMORROW)


def test_rows_that_have_left_upstreams_window_are_not_missed() -> None:
    assert is_plausible(counts(range(180, 205)), None, TOMORROW)


def test_what_upstream_says_for_a_week_is_believed() -> None:
    later = NOON + dt.timedelta(days=7)
    assert is_plausible(HELD, None, later)
    assert not is_plausible(HELD, None, later - dt.timedelta(seconds=1))
