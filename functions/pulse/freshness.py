"""How long counts stay fresh, from their newest day and the time (UTC).

pypistats.org loads a day's counts at 01:00 UTC of the next day, which takes about ten minutes. On some days
it is hours late.
"""

import datetime as dt
from typing import Final

from pulse.daily_counts import DAY

LOADED_AT: Final = dt.time(1, 10, tzinfo=dt.UTC)
"""The time by which yesterday's counts should be loaded."""

RETRY_LATE_AFTER: Final = dt.timedelta(minutes=30)
"""When to fetch counts again that lacked the newest expected day."""

UNKNOWN_FOR: Final = dt.timedelta(hours=1)
"""How long an unknown package is cached."""

WINDOW_DAYS: Final = 181
"""The number of days that pypistats.org keeps."""


def newest_expected(now: dt.datetime) -> dt.date:
    """The newest day that should be loaded: yesterday, or until 01:10 UTC the day before."""
    utc = now.astimezone(dt.UTC)
    age = DAY if utc.timetz() >= LOADED_AT else 2 * DAY
    return utc.date() - age


def window_expected(now: dt.datetime) -> tuple[dt.date, dt.date]:
    """The first and the last day of the window that upstream should have loaded."""
    newest = newest_expected(now)
    return newest - (WINDOW_DAYS - 1) * DAY, newest


def fresh_until(newest: dt.date, fetched_at: dt.datetime) -> dt.datetime:
    """When counts expire that were fetched at `fetched_at` and end with the day `newest`.

    They are fresh until the day after `newest` should be loaded, since fetching earlier can't return
    anything newer. Counts that were already behind when fetched (upstream is late, or lost a day)
    are fresh for half an hour, but not beyond the next load.
    """
    # A day that has not ended is incomplete, so it does not extend freshness.
    newest = min(newest, fetched_at.astimezone(dt.UTC).date() - DAY)
    superseded_at = _loaded_by(newest + DAY)
    if fetched_at < superseded_at:
        return superseded_at
    next_load = _loaded_by(newest_expected(fetched_at) + DAY)
    return min(fetched_at + RETRY_LATE_AFTER, next_load)


def _loaded_by(day: dt.date) -> dt.datetime:
    """When the counts of a day should be loaded."""
    return dt.datetime.combine(day + DAY, LOADED_AT)
