"""Downloads over time: days, weeks or months, by category, with nothing left out in between."""

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
from pulse.parameters import DownloadsQuery
from pulse.problems import InputError, InvalidInput
from pulse.pypistats import NULL_CATEGORY, SOURCE_HEADER

STALE_HEADER: Final = "x-pulse-stale"

MAX_POINTS: Final = 20_000
"""In one answer, of all categories together: some 1.2 MB of JSON, of the 6 MB that Lambda lets through."""

CSV_HEADER: Final = ("date", "category", "downloads")

_STARTS_A_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
"""Spreadsheets take a cell that starts with one of these for a formula, or drop it and look again."""

_ISO_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_NUMBERS: Final = re.compile(r"\d+", re.ASCII)


class DateRange(NamedTuple):
    """The days asked for; None where none is given."""

    start: dt.date | None
    end: dt.date | None


def read_dates(query: DownloadsQuery) -> DateRange:
    """The dates of a query. Any date may be asked for.

    Raises:
        InvalidInput: one is no date, or they are reversed.
    """
    dates = DateRange(_date(query.start), _date(query.end))
    errors = [
        InputError(location="query", parameter=name, detail="It is a date such as 2026-11-21.")
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
    """Downloads per category and period, each category with every period from start to end.

    What lies outside the window of upstream, the 181 days that end at `as_of`, is cut off; where
    nothing is left, there are no points. Without a start, the days begin with the first row. A day
    without a row counts 0; `missing_dates` has those that no category has a row for.

    Raises:
        InvalidInput: that would be more than `MAX_POINTS` points.
    """
    start, end, days = _answered(dates, counts)
    periods = _periods(days, query.period)
    categories = [
        category
        for category in sorted(counts.counts, key=category_order)
        if _wanted(category, query)
    ]
    if len(categories) * len(periods) > MAX_POINTS:
        raise _too_many_points(len(categories), len(periods), query.period)
    return DownloadSeries(
        package=package,
        by=query.by,
        period=query.period,
        start=start,
        end=end,
        as_of=counts.as_of,
        series=[
            _series(category, counts.of(category), periods, query.period) for category in categories
        ],
        missing_dates=[day for day in days if not counts.categories_on(day)],
        mirrors=query.mirrors if query.by == "overall" else False,
        source=counts.source,
        fetched_at=counts.fetched_at,
        stale=counts.stale,
    )


def as_csv(series: DownloadSeries) -> str:
    """The points as RFC 4180 has it: a header, then a row per category and date."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(CSV_HEADER)
    for one in series.series:
        category = _harmless(one.category)
        writer.writerows((point.date, category, point.downloads) for point in one.points)
    return out.getvalue()


def _harmless(category: str) -> str:
    """A category as a spreadsheet shows it and does not run it: upstream says what it is."""
    return f"'{category}" if category.startswith(_STARTS_A_FORMULA) else category


def csv_headers(series: DownloadSeries) -> dict[str, str]:
    """What JSON says of the figures and CSV has no place for, as HTTP headers."""
    return {
        SOURCE_HEADER.lower(): series.source,
        STALE_HEADER: str(series.stale).lower(),
    }


def category_order(category: str) -> tuple[bool, list[int], str]:
    """A key that sorts versions as versions, other names regardless of case, and `null` last."""
    numbers = [int(number) for number in _NUMBERS.findall(category)]
    return category == NULL_CATEGORY, numbers, category.casefold()


def _date(text: str | None) -> dt.date | None:
    if text is None or not _ISO_DATE.fullmatch(text):
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None


def _answered(dates: DateRange, counts: DailyCounts) -> tuple[dt.date, dt.date, list[dt.date]]:
    """The first and the last day of the answer, and all its days: none where nothing is left."""
    window_start = counts.as_of - (WINDOW_DAYS - 1) * DAY
    first = counts.first if counts.counts else window_start
    start = max(dates.start or first, min(first, window_start))
    end = min(dates.end or counts.as_of, counts.as_of)
    if start <= end:
        return start, end, list(days_from(start, end))
    asked = dates.start or dates.end or counts.as_of
    return dates.start or asked, dates.end or asked, []


def _wanted(category: str, query: DownloadsQuery) -> bool:
    """Whether a category is asked for: `mirrors` picks one of the two of `overall`."""
    if query.by != "overall" or query.mirrors is None:
        return True
    return category == ("with_mirrors" if query.mirrors else "without_mirrors")


def _too_many_points(categories: int, periods: int, period: Period) -> InvalidInput:
    """The problem that says how to ask for fewer points: by longer periods, or for fewer of them."""
    days = "fewer days with 'start' and 'end'"
    way = {
        "day": f"'week' or 'month', or for {days}",
        "week": f"'month', or for {days}",
        "month": days,
    }[period]
    detail = (
        f"{categories:,} categories with {periods:,} points each are more than the "
        f"{MAX_POINTS:,} points that one answer may have. Ask for {way}."
    )
    parameter = "start" if period == "month" else "period"
    return InvalidInput([InputError(location="query", parameter=parameter, detail=detail)])


def _periods(days: Sequence[dt.date], period: Period) -> dict[dt.date, list[dt.date]]:
    """Days, without gaps, by the first day of the period that they fall into."""
    periods: defaultdict[dt.date, list[dt.date]] = defaultdict(list)
    for day in days:
        periods[_first_day(day, period)].append(day)
    return periods


def _series(
    category: str, counts: Days, periods: Mapping[dt.date, Sequence[dt.date]], period: Period
) -> Series:
    """One category: its downloads summed by period."""
    points = [
        Point(
            date=first,
            downloads=sum(counts.on(day) or 0 for day in days),
            complete=len(days) == _length(first, period),
        )
        for first, days in periods.items()
    ]
    return Series(category=category, total=sum(point.downloads for point in points), points=points)


def _first_day(day: dt.date, period: Period) -> dt.date:
    """The first day of the period that a day falls into: a Monday, or the first of a month."""
    match period:
        case "day":
            return day
        case "week":
            return day - day.weekday() * DAY
        case "month":
            return day.replace(day=1)


def _length(first: dt.date, period: Period) -> int:
    """How many days the period that starts with `first` has."""
    match period:
        case "day":
            return 1
        case "week":
            return 7
        case "month":
            return ((first + 31 * DAY).replace(day=1) - first).days
