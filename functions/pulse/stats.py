"""Sums, growth and missing days of a package's daily counts."""

import datetime as dt
from typing import Final

from pulse.daily_counts import DAY, DailyCounts, Days, days_from
from pulse.models import PackageStats
from pulse.names import PackageName

WEEK_DAYS: Final = 7
MONTH_DAYS: Final = 30

STEADY_SHARE: Final = 0.9
"""A package with rows on at least this share of its days is assumed to have downloads every day."""


def package_stats(package: PackageName, counts: DailyCounts, *, mirrors: bool) -> PackageStats:
    """Sum up a package's `overall` counts.

    `mirrors` picks one of the two categories. They are never added: `with_mirrors` includes
    `without_mirrors`. If the category has no rows, all sums are 0 and both dates are None.
    """
    days = counts.overall(mirrors=mirrors)
    rows = days.rows
    return PackageStats(
        package=package,
        total_downloads=days.total,
        latest_date=rows[-1][0] if rows else None,
        first_date=first_row(days),
        as_of=counts.as_of,
        last_day=days.until(counts.as_of, 1),
        last_week=days.until(counts.as_of, WEEK_DAYS),
        last_month=days.until(counts.as_of, MONTH_DAYS),
        weekly_growth=weekly_growth(days, counts.as_of),
        missing_dates=missing_dates(days, counts.as_of),
        mirrors=mirrors,
        source=counts.source,
        fetched_at=counts.fetched_at,
        stale=counts.stale,
    )


def missing_dates(days: Days, as_of: dt.date) -> list[dt.date]:
    """The days without a row, from the first row to `as_of`, oldest first."""
    first = first_row(days)
    if first is None:
        return []
    return [day for day in days_from(first, as_of) if days.on(day) is None]


def weekly_growth(days: Days, as_of: dt.date) -> float | None:
    """The sum of the 7 days up to `as_of`, divided by the sum of the 7 days before, minus 1.

    If the package has rows on at least `STEADY_SHARE` of its days, a missing day is unknown and its
    weekday is left out of both weeks; otherwise a missing day counts 0. None if the earlier week
    sums to 0 or starts before the first row.
    """
    first = first_row(days)
    if first is None or as_of - (2 * WEEK_DAYS - 1) * DAY < first:
        return None
    week = days_from(as_of - (WEEK_DAYS - 1) * DAY, as_of)
    pairs = [(days.on(day - WEEK_DAYS * DAY), days.on(day)) for day in week]
    if is_steady(days, first, as_of):
        pairs = [pair for pair in pairs if None not in pair]
    earlier = sum(count or 0 for count, _ in pairs)
    later = sum(count or 0 for _, count in pairs)
    return (later - earlier) / earlier if earlier else None


def first_row(days: Days) -> dt.date | None:
    """The first day with a row."""
    return next((day for day, _ in days.rows), None)


def is_steady(days: Days, first: dt.date, last: dt.date) -> bool:
    """Whether at least `STEADY_SHARE` of the days from `first` to `last` have a row."""
    has_row = [days.on(day) is not None for day in days_from(first, last)]
    return sum(has_row) >= STEADY_SHARE * len(has_row)
