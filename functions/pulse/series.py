"""Downloads over time: gapless series of days, weeks or months for each category."""

import csv
import datetime as dt
import io
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from pulse.daily_counts import DAY, DailyCounts, Days, days_from
from pulse.freshness import WINDOW_DAYS
from pulse.models import DownloadSeries, Period, Point, Series
from pulse.names import PackageName
from pulse.parameters import DateQuery, DownloadsQuery
from pulse.problems import InputError, InvalidInput
from pulse.pypistats import NULL_CATEGORY, SOURCE_HEADER
from pulse.questions import OTHER
from pulse.views import DEFAULT_LIMIT, RANKED, WITHOUT_MIRRORS, with_limit

STALE_HEADER: Final = "x-pulse-stale"

MAX_POINTS: Final = 20_000
"""In one response, over all categories: about 1.2 MB of JSON. Lambda's limit is 6 MB."""

CSV_HEADER: Final = ("date", "category", "downloads")

_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
"""Spreadsheets may run a cell that starts with one of these as a formula."""

_ISO_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_NUMBERS: Final = re.compile(r"\d+", re.ASCII)


class DateRange(NamedTuple):
    """The requested dates, both included; None if not given."""

    start: dt.date | None
    end: dt.date | None


def read_dates(query: DateQuery) -> DateRange:
    """Parse the dates of a query. They may lie outside upstream's window.

    Raises:
        InvalidInput: a date is invalid, or the start is after the end.
    """
    dates = DateRange(_date(query.start), _date(query.end))
    errors = [
        InputError(location="query", parameter=name, detail="It must be a date such as 2026-11-21.")
        for name, text, date in zip(DateRange._fields, (query.start, query.end), dates, strict=True)
        if text is not None and date is None
    ]
    if dates.start and dates.end and dates.start > dates.end:
        detail = f"It is after the end, {dates.end}."
        errors = [InputError(location="query", parameter="start", detail=detail)]
    if errors:
        raise InvalidInput(errors)
    return dates


def download_series(
    package: PackageName, query: DownloadsQuery, dates: DateRange, counts: DailyCounts
) -> DownloadSeries:
    """Downloads per category and period; each category has a point for every period.

    Days that the source does not have are cut off; there are no points if no day is left. Without a
    start, the series begins at the first row. A day without a row counts 0; `missing_dates` lists the
    days without a row in any category.

    Raises:
        InvalidInput: the response would have more than `MAX_POINTS` points.
    """
    start, end, days = answered_days(dates, counts)
    periods = periods_of(days, query.period)
    if query.by in RANKED:
        counts = with_limit(counts, query.limit or DEFAULT_LIMIT, start, end)
    in_order = sorted(counts.counts, key=category_order)
    if query.by in RANKED:
        in_order.sort(key=lambda category: category in (OTHER, NULL_CATEGORY))
    categories = [category for category in in_order if _wanted(category, query)]
    if len(categories) * len(periods) > MAX_POINTS:
        raise too_many_points(f"{len(categories):,} categories", len(periods), query.period)
    return DownloadSeries(
        package=package,
        by=query.by,
        version=query.version,
        period=query.period,
        start=start,
        end=end,
        as_of=counts.as_of,
        series=[
            _series(category, counts.of(category), periods, query.period) for category in categories
        ],
        missing_dates=[day for day in days if not counts.has(day)],
        mirrors=_mirrors(query),
        source=counts.source,
        fetched_at=counts.fetched_at,
        stale=counts.stale,
    )


def as_csv(series: DownloadSeries) -> str:
    """The points as CSV (RFC 4180): a header, then a row for each category and date."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(CSV_HEADER)
    for category_series in series.series:
        category = without_formula(category_series.category)
        rows = ((point.date, category, point.downloads) for point in category_series.points)
        writer.writerows(rows)
    return out.getvalue()


def without_formula(category: str) -> str:
    """The category for CSV, quoted if a spreadsheet would run it: upstream may send any short text."""
    return f"'{category}" if category.startswith(_FORMULA_STARTS) else category


def source_headers(figures: DownloadSeries | DailyCounts) -> dict[str, str]:
    """HTTP headers for `source` and `stale`, for bodies that have no place for them."""
    return {
        SOURCE_HEADER.lower(): figures.source,
        STALE_HEADER: str(figures.stale).lower(),
    }


def category_order(category: str) -> tuple[bool, list[int], str]:
    """A sort key: versions numerically, other names case-insensitively, `null` last."""
    numbers = [int(number) for number in _NUMBERS.findall(category)]
    return category == NULL_CATEGORY, numbers, category.casefold()


def _date(text: str | None) -> dt.date | None:
    if text is None or not _ISO_DATE.fullmatch(text):
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None


class AnsweredDays(NamedTuple):
    """The days of a response, from start to end. There are none if the source has none of the range."""

    start: dt.date
    end: dt.date
    days: list[dt.date]


def answered_days(dates: DateRange, counts: DailyCounts) -> AnsweredDays:
    """The days within `dates` that the counts tell about."""
    since = kept_since(counts)
    with_row = (day for day in days_from(counts.first, counts.as_of) if counts.has(day))
    start = max(dates.start or max(next(with_row, since), _window_start(counts)), since)
    end = min(dates.end or counts.as_of, counts.as_of)
    if start <= end:
        return AnsweredDays(start, end, list(days_from(start, end)))
    only = dates.start or dates.end or counts.as_of
    return AnsweredDays(dates.start or only, dates.end or only, [])


def kept_since(counts: DailyCounts) -> dt.date:
    """The first day that the counts tell about, with or without a row: at least upstream's window."""
    window_start = _window_start(counts)
    return min(counts.first, window_start) if counts.counts else window_start


def _window_start(counts: DailyCounts) -> dt.date:
    return counts.as_of - (WINDOW_DAYS - 1) * DAY


def _wanted(category: str, query: DownloadsQuery) -> bool:
    """Whether the query includes a category: `mirrors` picks one of the two of `overall`."""
    if query.by != "overall" or query.mirrors is None:
        return True
    return category == ("with_mirrors" if query.mirrors else "without_mirrors")


def _mirrors(query: DownloadsQuery) -> bool | None:
    """Whether downloads by mirrors are included; None for both categories of `overall`."""
    if query.by == "overall":
        return query.mirrors
    return query.by not in WITHOUT_MIRRORS and query.mirrors is not False


def too_many_points(wanted: str, periods: int, period: Period) -> InvalidInput:
    """The problem, with advice: use a longer period, or request fewer days.

    `wanted` says what has a point for each period, such as "21 categories".
    """
    days = "fewer days with 'start' and 'end'"
    advice = {
        "day": f"'week' or 'month', or for {days}",
        "week": f"'month', or for {days}",
        "month": days,
    }[period]
    detail = (
        f"{wanted} with {periods:,} points each exceed the limit of "
        f"{MAX_POINTS:,} points per response. Ask for {advice}."
    )
    parameter = "start" if period == "month" else "period"
    return InvalidInput([InputError(location="query", parameter=parameter, detail=detail)])


def periods_of(days: Sequence[dt.date], period: Period) -> dict[dt.date, list[dt.date]]:
    """The days of each period, by the period's first day."""
    periods: defaultdict[dt.date, list[dt.date]] = defaultdict(list)
    for day in days:
        periods[_first_day(day, period)].append(day)
    return periods


def _series(
    category: str, counts: Days, periods: Mapping[dt.date, Sequence[dt.date]], period: Period
) -> Series:
    """The downloads of one category, summed by period."""
    points = points_of(counts, periods, period)
    return Series(category=category, total=sum(point.downloads for point in points), points=points)


def points_of(
    counts: Days, periods: Mapping[dt.date, Sequence[dt.date]], period: Period
) -> list[Point]:
    """The sum of each period; a day without a row counts 0."""
    return [
        Point(
            date=first,
            downloads=counts.until(days[-1], len(days)),
            complete=len(days) == _length(first, period),
        )
        for first, days in periods.items()
    ]


def _first_day(day: dt.date, period: Period) -> dt.date:
    """The first day of the period that contains a day: the day itself, a Monday, or the 1st."""
    match period:
        case "day":
            return day
        case "week":
            return day - day.weekday() * DAY
        case "month":
            return day.replace(day=1)


def _length(first: dt.date, period: Period) -> int:
    """The number of days of the period that starts on `first`."""
    match period:
        case "day":
            return 1
        case "week":
            return 7
        case "month":
            return ((first + 31 * DAY).replace(day=1) - first).days
