"""Builds daily counts for tests from the few rows that matter."""

import datetime as dt
from collections.abc import Mapping
from typing import Final

from pulse.daily_counts import DAY, DailyCounts, Source
from pulse.freshness import fresh_until

NOON: Final = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
"""The time when the counts were fetched."""

YESTERDAY: Final = dt.date(2026, 11, 21)
"""The newest day that upstream has loaded at NOON."""

Cells = Mapping[tuple[str, dt.date], int]
Rows = Cells | Mapping[str, Mapping[dt.date, int]]
"""Downloads by category and day; `{("3", day(0)): 7}` and `{"3": {day(0): 7}}` are equivalent."""


def day(ago: int) -> dt.date:
    """The day `ago` days before YESTERDAY."""
    return YESTERDAY - ago * DAY


def daily(ages: range, downloads: int = 10) -> dict[dt.date, int]:
    """The same downloads on each day; `ages` are in days before YESTERDAY."""
    return {day(ago): downloads for ago in ages}


def counts_of(
    rows: Rows,
    as_of: dt.date | None = None,
    *,
    source: Source = "pypistats.org",
    fetched_at: dt.datetime = NOON,
    stale: bool = False,
) -> DailyCounts:
    """Counts with these rows, by default as of their newest day (YESTERDAY without rows).

    Categories keep their order. `fresh_until` is that of real counts.
    """
    cells = _cells(rows)
    days = [date for _, date in cells]
    first, newest = min(days, default=YESTERDAY), max(days, default=YESTERDAY)
    length = (newest - first).days + 1
    return DailyCounts(
        first=first,
        counts={
            category: [cells.get((category, first + number * DAY)) for number in range(length)]
            for category in dict.fromkeys(category for category, _ in cells)
        },
        source=source,
        fetched_at=fetched_at,
        as_of=as_of or newest,
        fresh_until=fresh_until(as_of or newest, fetched_at),
        stale=stale,
    )


def _cells(rows: Rows) -> Cells:
    cells: dict[tuple[str, dt.date], int] = {}
    for item in rows.items():
        match item:
            case (str(category), Mapping() as days):
                cells |= {(category, date): count for date, count in days.items()}
            case ((str(category), dt.date() as date), int(count)):
                cells[category, date] = count
    return cells
