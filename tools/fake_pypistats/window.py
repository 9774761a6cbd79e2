"""Which days pypistats.org holds at a moment: 181 of them, up to the newest one it has loaded."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Final

WINDOW_DAYS: Final = 181

#: When yesterday's rows become visible: loading starts at 01:00 UTC and takes some ten minutes.
LOADED_AT: Final = time(1, 10)


def newest_day(now: datetime) -> date:
    """Tell the newest day that is loaded.

    Args:
        now: A moment with a time zone.

    Returns:
        Yesterday in UTC; before 01:10 UTC the day before it.
    """
    utc = now.astimezone(UTC)
    age = 1 if utc.time() >= LOADED_AT else 2
    return utc.date() - timedelta(days=age)


def days_until(newest: date, count: int = WINDOW_DAYS) -> list[date]:
    """List the `count` days that end with `newest`, oldest first."""
    return [newest - timedelta(days=back) for back in reversed(range(count))]
