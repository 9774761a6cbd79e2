"""Compares several packages over time; each has its series or its problem."""

import csv
import datetime as dt
import io
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from pulse.comparison import Outcomes, check_any, failed
from pulse.daily_counts import DailyCounts, days_from
from pulse.models import ComparedSeries, ComparisonSeries, FailedPackage
from pulse.names import PackageName
from pulse.parameters import CompareDownloadsQuery
from pulse.problems import Problem
from pulse.pypistats import SOURCE_HEADER
from pulse.questions import Answer
from pulse.series import (
    MAX_POINTS,
    STALE_HEADER,
    DateRange,
    answered_days,
    kept_since,
    periods_of,
    points_of,
    too_many_points,
)

CSV_HEADER: Final = ("package", "date", "downloads", "status")


def comparison_series(
    query: CompareDownloadsQuery, dates: DateRange, outcomes: Outcomes
) -> ComparisonSeries:
    """The series of the packages in the requested order, repeats included.

    All cover the days from the first row of any package to the newest loaded day, unless `dates` says
    otherwise; a package has no points for days that are not kept, or after the end of its stale figures.

    Raises:
        InvalidInput: the response would have more than `MAX_POINTS` points.
        NothingToCompare: upstream failed for every package. An unknown package is not a failure.
    """
    check_any(query.packages, outcomes)
    start, end, days = common_days(dates, outcomes)
    periods = periods_of(days, query.period)
    found = sum(isinstance(outcomes[package], DailyCounts) for package in query.packages)
    if found * len(periods) > MAX_POINTS:
        raise too_many_points(f"{found} packages", len(periods), query.period)
    return ComparisonSeries(
        period=query.period,
        start=start,
        end=end,
        mirrors=query.mirrors,
        packages=[
            _entry(package, outcomes[package], days, periods, query) for package in query.packages
        ],
    )


class CommonDays(NamedTuple):
    """The days of a comparison; start and end are None without any figures."""

    start: dt.date | None
    end: dt.date | None
    days: list[dt.date]


def common_days(dates: DateRange, outcomes: Outcomes) -> CommonDays:
    """All days that any of the packages has an answer for, within `dates`."""
    ranges = [
        answered_days(dates, outcome)
        for outcome in outcomes.values()
        if isinstance(outcome, DailyCounts)
    ]
    answered = [one for one in ranges if one.days]
    if answered:
        start, end = min(one.start for one in answered), max(one.end for one in answered)
        return CommonDays(start, end, list(days_from(start, end)))
    if ranges:
        start, end, _ = ranges[0]
        return CommonDays(start, end, [])
    return CommonDays(None, None, [])


def as_csv(series: ComparisonSeries) -> str:
    """The points as CSV (RFC 4180): a header, then a row for each package and date.

    A package that was asked for twice is there once. One without figures has a single row, without
    date and downloads.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(CSV_HEADER)
    for entry in {entry.package: entry for entry in series.packages}.values():
        if isinstance(entry, FailedPackage):
            writer.writerow((entry.package, "", "", entry.status))
        else:
            writer.writerows(
                (entry.package, point.date, point.downloads, entry.status) for point in entry.points
            )
    return out.getvalue()


def csv_headers(series: ComparisonSeries) -> dict[str, str]:
    """HTTP headers for `source` and `stale`, which the CSV has no column for."""
    entries = [entry for entry in series.packages if isinstance(entry, ComparedSeries)]
    headers = {STALE_HEADER: str(any(entry.stale for entry in entries)).lower()}
    if entries:
        sources = dict.fromkeys(entry.source for entry in entries)
        headers[SOURCE_HEADER.lower()] = ", ".join(sources)
    return headers


def _entry(
    package: PackageName,
    outcome: Answer,
    days: Sequence[dt.date],
    periods: Mapping[dt.date, Sequence[dt.date]],
    query: CompareDownloadsQuery,
) -> ComparedSeries | FailedPackage:
    if isinstance(outcome, Problem):
        return failed(package, outcome)
    counts = outcome.overall(mirrors=query.mirrors)
    since = kept_since(outcome)
    known = [day for day in days if since <= day <= outcome.as_of]
    if len(known) < len(days):
        periods = periods_of(known, query.period)
    points = points_of(counts, periods, query.period)
    return ComparedSeries(
        package=package,
        status="stale" if outcome.stale else "ok",
        total=sum(point.downloads for point in points),
        points=points,
        missing_dates=[day for day in known if counts.on(day) is None],
        as_of=outcome.as_of,
        source=outcome.source,
        fetched_at=outcome.fetched_at,
        stale=outcome.stale,
    )
