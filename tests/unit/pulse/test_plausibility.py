"""An answer that is suddenly empty or far shorter does not replace good counts."""

import datetime as dt

from pulse.daily_counts import DailyCounts
from pulse.plausibility import is_plausible
from tests.counts import NOON, counts_of, daily

TOMORROW = NOON + dt.timedelta(days=1)
WINDOW = range(181)


def counts(*categories: range, at: dt.datetime = NOON) -> DailyCounts:
    """A row on each day for each category; ages are in days before yesterday."""
    return counts_of({str(n): daily(days) for n, days in enumerate(categories)}, fetched_at=at)


HELD = counts(WINDOW)


def test_next_days_counts_are_plausible() -> None:
    assert is_plausible(HELD, counts(range(-1, 180), at=TOMORROW), TOMORROW)


def test_empty_answer_is_implausible() -> None:
    assert not is_plausible(HELD, None, TOMORROW)
    assert not is_plausible(HELD, counts(at=TOMORROW), TOMORROW)


def test_answer_without_most_days_is_implausible() -> None:
    assert not is_plausible(HELD, counts(range(1, 82), at=TOMORROW), TOMORROW)


def test_lost_days_do_not_count_against_an_answer() -> None:
    assert is_plausible(HELD, counts(range(85, 180), at=TOMORROW), TOMORROW)


def test_missing_category_counts_as_its_rows() -> None:
    held = counts(WINDOW, WINDOW)
    assert is_plausible(held, HELD, TOMORROW)
    assert not is_plausible(held, counts(range(31, 181)), TOMORROW)


def test_rows_outside_window_do_not_count() -> None:
    assert is_plausible(counts(range(180, 205)), None, TOMORROW)


def test_week_old_change_is_plausible() -> None:
    later = NOON + dt.timedelta(days=7)
    assert is_plausible(HELD, None, later)
    assert not is_plausible(HELD, None, later - dt.timedelta(seconds=1))
