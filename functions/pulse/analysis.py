"""What a package's daily rows add up to."""

import datetime as dt
from collections.abc import Mapping, Sequence

from pulse.models import DailyDownloads, FetchedRows, PackageStats
from pulse.names import PackageName

DAY = dt.timedelta(days=1)
WEEK_DAYS = 7
MONTH_DAYS = 30


def package_stats(package: PackageName, fetched: FetchedRows, *, mirrors: bool) -> PackageStats:
    """Sum up the rows of pypistats.org's `overall` endpoint.

    The rows of `with_mirrors` contain those of `without_mirrors`, so `mirrors` picks one of the two
    categories and they are never added. Without any row of that category all counts are 0 and both
    dates are None.
    """
    category = "with_mirrors" if mirrors else "without_mirrors"
    daily = daily_downloads(fetched.rows, category)
    latest = max(daily, default=None)
    first = min(daily, default=None)
    return PackageStats(
        package=package,
        total_downloads=sum(daily.values()),
        latest_date=latest,
        first_date=first,
        last_day=downloads_until(daily, latest, 1),
        last_week=downloads_until(daily, latest, WEEK_DAYS),
        last_month=downloads_until(daily, latest, MONTH_DAYS),
        weekly_growth=weekly_growth(daily),
        missing_dates=missing_dates(daily),
        mirrors=mirrors,
        source=fetched.source,
        fetched_at=fetched.fetched_at,
        stale=fetched.stale,
    )


def daily_downloads(rows: Sequence[DailyDownloads], category: str) -> dict[dt.date, int]:
    """Downloads per UTC day in one category; days without a row are absent."""
    return {row.date: row.downloads for row in rows if row.category == category}


def missing_dates(daily: Mapping[dt.date, int]) -> list[dt.date]:
    """The days with no row between the first and the last day that have one, oldest first."""
    if not daily:
        return []
    first, latest = min(daily), max(daily)
    span = (first + n * DAY for n in range((latest - first).days))
    return [day for day in span if day not in daily]


def weekly_growth(daily: Mapping[dt.date, int]) -> float | None:
    """The 7 days that end at the newest one over the 7 days before, minus 1.

    None where the earlier week is zero or starts before the first day with a row.
    """
    if not daily:
        return None
    latest = max(daily)
    week_before = latest - WEEK_DAYS * DAY
    if week_before - (WEEK_DAYS - 1) * DAY < min(daily):
        return None
    earlier = downloads_until(daily, week_before, WEEK_DAYS)
    if not earlier:
        return None
    return (downloads_until(daily, latest, WEEK_DAYS) - earlier) / earlier


def downloads_until(daily: Mapping[dt.date, int], end: dt.date | None, days: int) -> int:
    """Downloads in the `days` days that end at `end`, that day included; 0 without an end."""
    return sum(daily.get(end - n * DAY, 0) for n in range(days)) if end else 0
