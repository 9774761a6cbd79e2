"""Downloads over time: days, weeks or months, by category, with nothing left out in between."""

import csv
import datetime as dt
import io
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from pulse.analysis import DAY
from pulse.models import DailyDownloads, DownloadSeries, FetchedRows, Period, Point, Series
from pulse.names import PackageName
from pulse.parameters import DownloadsQuery
from pulse.problems import InputError, InvalidInput
from pulse.pypistats import NULL_CATEGORY, SOURCE_HEADER

STALE_HEADER: Final = "x-pulse-stale"

CSV_HEADER: Final = ("date", "category", "downloads")

_ISO_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_NUMBERS: Final = re.compile(r"\d+", re.ASCII)

_YOUNGER: Final = " That of a young package is shorter."

Window = tuple[dt.date, dt.date]
"""The first and the last day, both included."""


class DateRange(NamedTuple):
    """The days asked for; None where the window's own end is meant."""

    start: dt.date | None
    end: dt.date | None


def read_dates(query: DownloadsQuery, window: Window) -> DateRange:
    """The dates of a query, as far as they can be checked before the rows are there.

    Raises:
        InvalidInput: one is no date, or they are reversed. It names `window`, the days that
            upstream should have rows for; a young package has fewer.
    """
    dates = DateRange(_date(query.start), _date(query.end))
    errors = [
        _error(name, f"It is a date such as {window[1]}.", window, _YOUNGER)
        for name, text, date in zip(DateRange._fields, (query.start, query.end), dates, strict=True)
        if text is not None and date is None
    ]
    if dates.start and dates.end and dates.start > dates.end:
        errors = [_error("start", f"It is after the end, {dates.end}.", window, _YOUNGER)]
    if errors:
        raise InvalidInput(errors)
    return dates


def download_series(
    package: PackageName, query: DownloadsQuery, dates: DateRange, fetched: FetchedRows
) -> DownloadSeries:
    """Downloads per category and period, each category with every period from start to end.

    A day without a row counts 0; `missing_dates` has those that no category has a row for.

    Raises:
        InvalidInput: a date is outside the window, which reaches from the first to the last day
            with a row.
    """
    start, end = _within(dates, fetched.rows)
    days = [start + n * DAY for n in range((end - start).days + 1)]
    rows = [row for row in fetched.rows if _wanted(row.category, query)]
    categories = sorted({row.category for row in rows}, key=category_order)
    known = {row.date for row in fetched.rows}
    return DownloadSeries(
        package=package,
        by=query.by,
        period=query.period,
        start=start,
        end=end,
        series=[
            _series(
                category,
                {r.date: r.downloads for r in rows if r.category == category},
                days,
                query.period,
            )
            for category in categories
        ],
        missing_dates=[day for day in days if day not in known],
        source=fetched.source,
        fetched_at=fetched.fetched_at,
        stale=fetched.stale,
    )


def as_csv(series: DownloadSeries) -> str:
    """The points as RFC 4180 has it: a header, then a row per category and date."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(CSV_HEADER)
    for one in series.series:
        writer.writerows((point.date, one.category, point.downloads) for point in one.points)
    return out.getvalue()


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


def _within(dates: DateRange, rows: Sequence[DailyDownloads]) -> Window:
    """Start and end, inside the window of the rows."""
    with_rows = [row.date for row in rows]
    window = first, latest = min(with_rows), max(with_rows)
    errors = [
        _error(name, f"{date} is outside the window.", window)
        for name, date in zip(DateRange._fields, dates, strict=True)
        if date and not first <= date <= latest
    ]
    if errors:
        raise InvalidInput(errors)
    start, end = dates.start or first, dates.end or latest
    return start, end


def _error(parameter: str, detail: str, window: Window, more: str = "") -> InputError:
    reach = f"The window is {window[0]} to {window[1]}.{more}"
    return InputError(location="query", parameter=parameter, detail=f"{detail} {reach}")


def _wanted(category: str, query: DownloadsQuery) -> bool:
    """Whether a category is asked for: `mirrors` picks one of the two of `overall`."""
    if query.by != "overall" or query.mirrors is None:
        return True
    return category == ("with_mirrors" if query.mirrors else "without_mirrors")


def _series(
    category: str, daily: Mapping[dt.date, int], days: Sequence[dt.date], period: Period
) -> Series:
    """One category: its downloads summed by the periods that `days`, without gaps, fall into."""
    sums: defaultdict[dt.date, int] = defaultdict(int)
    lengths: defaultdict[dt.date, int] = defaultdict(int)
    for day in days:
        first = _first_day(day, period)
        sums[first] += daily.get(day, 0)
        lengths[first] += 1
    return Series(
        category=category,
        total=sum(sums.values()),
        points=[
            Point(date=first, downloads=sums[first], complete=length == _length(first, period))
            for first, length in lengths.items()
        ],
    )


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
