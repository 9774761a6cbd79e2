"""Which days pypistats.org holds: 181 of them, up to the newest that it has loaded."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final

WINDOW_DAYS: Final = 181

#: When yesterday's rows become visible: loading starts at 01:00 UTC and takes ten minutes.
LOADED_AT: Final = time(1, 10)


def newest_day(now: datetime) -> date:
    """The newest loaded day: yesterday in UTC, or the day before it until `LOADED_AT`."""
    utc = now.astimezone(UTC)
    age = 1 if utc.time() >= LOADED_AT else 2
    return utc.date() - timedelta(days=age)


def days_until(newest: date, count: int = WINDOW_DAYS) -> list[date]:
    """The `count` days that end with `newest`, oldest first."""
    return [newest - timedelta(days=back) for back in reversed(range(count))]
