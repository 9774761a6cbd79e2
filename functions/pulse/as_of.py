"""As of which day figures are: the newest day that pypistats.org has loaded, for all packages alike.

A package's own rows tell it where they end with the newest day that should be there. Otherwise the
package had no downloads on that day, or upstream has not loaded or has lost it. The rows of `__all__`
tell these apart, and where they lack the day too, upstream's own sums of `__all__` do.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Final, NamedTuple

from pulse.analysis import (
    DAY,
    MONTH_DAYS,
    WEEK_DAYS,
    daily_downloads,
    downloads_until,
)
from pulse.freshness import fresh_until, newest_expected
from pulse.models import DailyDownloads, FetchedRows, RecentDownloads, Supply

HOLD_OFF: Final = dt.timedelta(seconds=10)
"""How long upstream is left alone after a failure, and a guess is kept."""

SAME_REQUEST: Final = dt.timedelta(seconds=10)
"""Rows and those of `__all__` that were fetched within this count as fetched at the same time."""


class Loaded(NamedTuple):
    """The newest day that upstream had loaded, and when it said so (UTC)."""

    day: dt.date
    fetched_at: dt.datetime


def newest_whole_day(rows: Sequence[DailyDownloads]) -> dt.date | None:
    """The newest day with rows; the day before it if a category is missing that that day has.

    A day with a missing category is half loaded, or nobody downloaded in that category. None without
    rows.
    """
    newest = max((row.date for row in rows), default=None)
    if newest is None:
        return None
    there = {row.category for row in rows if row.date == newest}
    before = {row.category for row in rows if row.date == newest - DAY}
    return newest if before <= there else newest - DAY


def own_as_of(fetched: FetchedRows) -> dt.date | None:
    """The newest day that upstream has loaded as far as these rows alone tell it, else None."""
    newest = newest_whole_day(fetched.rows)
    if newest is None or newest < newest_expected(fetched.fetched_at):
        return None
    return newest


def loaded_day(
    everything: FetchedRows, expected: dt.date, recent: RecentDownloads | None = None
) -> dt.date | None:
    """The newest day that upstream has loaded by the `overall` rows of `__all__`.

    `expected` is the newest day that should be there. None if upstream's own sums are needed to tell:
    the answer of `__all__` on `recent`.
    """
    newest = max(row.date for row in everything.rows)
    whole = newest_whole_day(everything.rows)
    if whole is not None and (whole >= expected or whole < newest):
        return whole
    return None if recent is None else _end_of(recent, everything, newest, expected)


def _end_of(
    recent: RecentDownloads, everything: FetchedRows, newest: dt.date, expected: dt.date
) -> dt.date:
    """The day that upstream's sums end with: `newest`, or a later day that it loaded and lost.

    A lost day counts 0. Upstream does not move `recent` on a day on which nothing is loaded.
    """
    daily = daily_downloads(everything.rows, "without_mirrors")
    days = (expected - n * DAY for n in range((expected - newest).days))
    sums = (recent.last_day, recent.last_week, recent.last_month)
    spans = (1, WEEK_DAYS, MONTH_DAYS)
    return next(
        (day for day in days if sums == tuple(downloads_until(daily, day, n) for n in spans)),
        newest,
    )


def supply(
    fetched: FetchedRows, loaded: Loaded | None, now: dt.datetime, seen: dt.date | None = None
) -> Supply:
    """Rows with the day that they are as of, where `own_as_of` does not know it.

    A package without a row on a day that is loaded is complete: its rows are fresh until the next
    load. Without `loaded` the day is a guess, which holds for ten seconds: `seen`, the newest day that
    another package had loaded, or the newest row.
    """
    newest = newest_whole_day(fetched.rows)
    expected = newest_expected(fetched.fetched_at)
    late = fresh_until(newest or expected - DAY, fetched.fetched_at)
    if loaded is None:
        days = [day for day in (newest, seen and min(seen, expected)) if day]
        return Supply(fetched, max(days, default=expected), min(late, now + HOLD_OFF))
    if loaded.day < expected:
        return Supply(fetched, max(newest or loaded.day, loaded.day), late)
    if loaded.fetched_at <= fetched.fetched_at + SAME_REQUEST:
        return Supply(fetched, expected, fresh_until(expected, fetched.fetched_at))
    # The day may have been loaded after these rows were fetched: it is not missing in them.
    before = expected - DAY
    return Supply(fetched, max(newest or before, before), late)
