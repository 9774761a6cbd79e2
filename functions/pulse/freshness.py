"""How long numbers stay fresh: a matter of the newest day they hold and the time, in UTC.

pypistats.org loads a day's numbers from 01:00 UTC of the next day on, in some ten minutes; some days
it is late by hours.
"""

import datetime as dt
from typing import Final

LOADED_AT: Final = dt.time(1, 10, tzinfo=dt.UTC)
"""By when yesterday's numbers should be there."""

RETRY_LATE_AFTER: Final = dt.timedelta(minutes=30)
"""How long after numbers that were not the newest they are asked for again."""

UNKNOWN_FOR: Final = dt.timedelta(hours=1)
"""How long an unknown name is remembered as one."""

WINDOW_DAYS: Final = 181
"""Days that pypistats.org keeps, the newest included."""

_DAY: Final = dt.timedelta(days=1)


def newest_expected(now: dt.datetime) -> dt.date:
    """The newest day whose numbers should be there: yesterday, or the day before until 01:10."""
    utc = now.astimezone(dt.UTC)
    age = _DAY if utc.timetz() >= LOADED_AT else 2 * _DAY
    return utc.date() - age


def window_expected(now: dt.datetime) -> tuple[dt.date, dt.date]:
    """The first and the last day that upstream should have numbers for."""
    newest = newest_expected(now)
    return newest - (WINDOW_DAYS - 1) * _DAY, newest


def fresh_until(newest: dt.date, fetched_at: dt.datetime) -> dt.datetime:
    """When numbers that were fetched at `fetched_at` and end with the day `newest` go stale.

    The day after `newest` is loaded by 01:10 of the day after that. Until then there are no newer
    numbers, and asking again can't bring any. Numbers that were behind already when they were
    fetched (upstream loads late, or lost the day) are fresh for half an hour, or until the next load.
    """
    # A day that has not ended can't be complete: it is no reason to be content for longer.
    newest = min(newest, fetched_at.astimezone(dt.UTC).date() - _DAY)
    superseded_at = _loaded_by(newest + _DAY)
    if fetched_at < superseded_at:
        return superseded_at
    next_load = _loaded_by(newest_expected(fetched_at) + _DAY)
    return min(fetched_at + RETRY_LATE_AFTER, next_load)


def _loaded_by(day: dt.date) -> dt.datetime:
    """By when the numbers of a day should be there."""
    return dt.datetime.combine(day + _DAY, LOADED_AT)
