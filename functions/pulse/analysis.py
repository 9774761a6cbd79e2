"""What a package's daily rows add up to."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from pulse.models import DailyDownloads, FetchedRows, PackageStats
from pulse.names import PackageName

DAY = dt.timedelta(days=1)
WEEK_DAYS = 7
MONTH_DAYS = 30

STEADY_SHARE: Final = 0.9
"""The part of its days on which a package is downloaded that is downloaded every day."""


def package_stats(
    package: PackageName, fetched: FetchedRows, *, as_of: dt.date, mirrors: bool
) -> PackageStats:
    """Sum up the rows of pypistats.org's `overall` endpoint.

    The rows of `with_mirrors` contain those of `without_mirrors`, so `mirrors` picks one of the two
    categories and they are never added. Without any row of that category all counts are 0 and both
    dates are None. `as_of` is the newest day that upstream has loaded: the last day, week and month
    end with it.
    """
    category = "with_mirrors" if mirrors else "without_mirrors"
    daily = daily_downloads(fetched.rows, category)
    return PackageStats(
        package=package,
        total_downloads=sum(daily.values()),
        latest_date=max(daily, default=None),
        first_date=min(daily, default=None),
        as_of=as_of,
        last_day=downloads_until(daily, as_of, 1),
        last_week=downloads_until(daily, as_of, WEEK_DAYS),
        last_month=downloads_until(daily, as_of, MONTH_DAYS),
        weekly_growth=weekly_growth(daily, as_of),
        missing_dates=missing_dates(daily, as_of),
        mirrors=mirrors,
        source=fetched.source,
        fetched_at=fetched.fetched_at,
        stale=fetched.stale,
    )


def daily_downloads(rows: Sequence[DailyDownloads], category: str) -> dict[dt.date, int]:
    """Downloads per UTC day in one category; days without a row are absent."""
    return {row.date: row.downloads for row in rows if row.category == category}


def missing_dates(daily: Mapping[dt.date, int], as_of: dt.date) -> list[dt.date]:
    """The days with no row from the first that has one to `as_of`, oldest first."""
    first = min(daily, default=None)
    if first is None:
        return []
    return [day for day in days_from(first, as_of) if day not in daily]


def weekly_growth(daily: Mapping[dt.date, int], as_of: dt.date) -> float | None:
    """The 7 days that end at `as_of` over the 7 days before, minus 1.

    Of a package with a row on nine of ten days, a day without a row is unknown: its weekday is left
    out of both weeks. Of any other package it counts 0. None where the earlier week is zero or starts
    before the first day with a row.
    """
    first = min(daily, default=None)
    if first is None or as_of - (2 * WEEK_DAYS - 1) * DAY < first:
        return None
    pairs = [
        (day - WEEK_DAYS * DAY, day) for day in days_from(as_of - (WEEK_DAYS - 1) * DAY, as_of)
    ]
    if is_steady(daily, first, as_of):
        pairs = [pair for pair in pairs if all(day in daily for day in pair)]
    earlier = sum(daily.get(day, 0) for day, _ in pairs)
    later = sum(daily.get(day, 0) for _, day in pairs)
    return (later - earlier) / earlier if earlier else None


def is_steady(daily: Mapping[dt.date, int], first: dt.date, last: dt.date) -> bool:
    """Whether nine of ten days of a span have a row."""
    days = list(days_from(first, last))
    return sum(day in daily for day in days) >= STEADY_SHARE * len(days)


def days_from(first: dt.date, last: dt.date) -> Iterator[dt.date]:
    """All days from the first to the last, both included."""
    return (first + n * DAY for n in range((last - first).days + 1))


def downloads_until(daily: Mapping[dt.date, int], end: dt.date, days: int) -> int:
    """Downloads in the `days` days that end at `end`, that day included."""
    return sum(daily.get(end - n * DAY, 0) for n in range(days))
