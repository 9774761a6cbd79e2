"""Checks ClickHouse's answer to a query of `pulse.clickhouse.query`, and reads the daily counts.

An answer that is not exactly what was asked for is `UpstreamBroken`, never a number.
"""

import datetime as dt
import re
from collections import Counter
from collections.abc import Collection, Mapping
from typing import Final, NamedTuple, cast

from pulse import strict_json
from pulse.clickhouse.query import COMPLETED, MAX_ROWS
from pulse.daily_counts import DAY, DailyCounts, Source
from pulse.freshness import fresh_until
from pulse.names import PackageName
from pulse.problems import CLICKHOUSE, UnknownPackage, UpstreamBroken
from pulse.pypistats import MAX_CATEGORY_LENGTH, MAX_COUNT, NULL_CATEGORY, SOURCE_HEADER
from pulse.questions import OTHER, Answer, Kind

CHECKED_EVERY: Final = dt.timedelta(hours=1)
"""How often ClickHouse is asked whether it has loaded another day."""

WHOLE_SHARE: Final = 0.5
"""A day is incomplete if the steady packages have less than this share of the same weekday's downloads."""

_EPOCH: Final = dt.date(1970, 1, 1)
_TOTAL: Final = 0
"""The day of a sum of all days."""

META: Final = [
    {"name": "package", "type": "String"},
    {"name": "role", "type": "String"},
    {"name": "category", "type": "String"},
    {"name": "days", "type": "Array(UInt16)"},
    {"name": "counts", "type": "Array(UInt64)"},
]
_NUMBER: Final = re.compile(r"[0-9]{1,20}", re.ASCII)

_ByDay = Mapping[int, int]
"""Downloads by day, as days since 1970: dates would take most of the time for a large answer."""


class QueryAnswer(NamedTuple):
    """The decompressed body of an answer, where it comes from, and the time it arrived (UTC)."""

    body: bytes
    source: Source
    fetched_at: dt.datetime


class Read(NamedTuple):
    """The answers by package, and the newest day that ClickHouse has loaded; None if it has no rows."""

    answers: Mapping[PackageName, Answer]
    newest: dt.date | None


class _Row(NamedTuple):
    package: str
    role: str
    category: str
    by_day: _ByDay


def read_answer(kind: Kind, packages: Collection[PackageName], answer: QueryAnswer) -> Read:
    """The answers to the questions of a kind about these packages.

    A package that ClickHouse has no row of is an `UnknownPackage`. Counts are as of the newest whole day.

    Raises:
        UpstreamBroken: the body is not the whole answer to this query.
    """
    try:
        rows = _rows(answer.body)
        (steady,) = (row.by_day for row in rows if row.role == "steady")
        of_packages: dict[str, list[_Row]] = {package: [] for package in packages}
        for row in rows:
            if row.role != "steady":
                of_packages[row.package].append(row)
        newest = _newest_whole(steady, rows, answer.fetched_at)
        answers = {
            package: _counts(kind, package, of_packages[package], newest, answer)
            for package in packages
        }
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise UpstreamBroken.because("it is not the expected JSON", CLICKHOUSE) from error
    return Read(answers, newest)


def source_of(headers: Mapping[str, str]) -> Source:
    """`simulated` if a server with invented rows says so. `headers` must be case-insensitive."""
    return "simulated" if headers.get(SOURCE_HEADER) == "simulated" else "clickhouse"


def recheck_at(newest: dt.date | None, checked_at: dt.datetime) -> dt.datetime:
    """When to ask again for counts that end with `newest`, the newest loaded day at `checked_at`.

    At the time of the next load, but at least an hour after `checked_at`.
    """
    hour = checked_at + CHECKED_EVERY
    return hour if newest is None else max(hour, fresh_until(newest, checked_at))


def _rows(body: bytes) -> list[_Row]:
    content = strict_json.loads(body)
    if "exception" in content:
        raise ValueError("an error in mid-answer")
    if content["meta"] != META or content["rows"] != len(content["data"]):
        raise ValueError("not all rows, or other columns")
    if len(content["data"]) > MAX_ROWS:
        raise ValueError("too many rows")
    rows = [_row(*row) for row in content["data"]]
    if len({row[:3] for row in rows}) != len(rows):
        raise ValueError("a row twice")
    return rows


def _row(package: object, role: object, category: object, days: object, counts: object) -> _Row:
    if not (isinstance(package, str) and isinstance(role, str) and isinstance(category, str)):
        raise TypeError("not a text")
    if role not in {"named", "other", "whole", "first", "steady"}:
        raise ValueError("not a role")
    if not isinstance(days, list) or not isinstance(counts, list):
        raise TypeError("not an array")
    numbers = _whole_numbers(days)
    if sorted(set(numbers)) != numbers:
        raise ValueError("days out of order")
    by_day = dict(zip(numbers, _whole_numbers(counts), strict=True))
    return _Row(package, role, category, by_day)


def _whole_numbers(values: list[object]) -> list[int]:
    """An array of whole numbers. ClickHouse's settings decide whether 64-bit numbers are sent as text."""
    numbers = values
    # Most arrays have numbers alone. Looking at each one would take long for a large answer.
    if not _are_numbers(values):
        numbers = [
            int(value) if isinstance(value, str) and _NUMBER.fullmatch(value) else value
            for value in values
        ]
    if not _are_numbers(numbers):
        raise TypeError("not whole numbers")
    whole = cast("list[int]", numbers)
    if whole and not 0 <= min(whole) <= max(whole) <= MAX_COUNT:
        raise ValueError("not counts")
    return whole


def _are_numbers(values: list[object]) -> bool:
    return set(map(type, values)) <= {int}


def _newest_whole(
    steady: _ByDay, rows: Collection[_Row], fetched_at: dt.datetime
) -> dt.date | None:
    """The newest day that is loaded as a whole.

    A day is whole if the steady packages have at least `WHOLE_SHARE` of the week before. Today is not over.
    Without rows of these packages, as in a database of a few others, it is the newest day of any row.
    """
    today = _number(fetched_at.astimezone(dt.UTC).date())
    if not steady:
        days = {day for row in rows if row.role != "first" for day in row.by_day}
        return _date(max((day for day in days if _TOTAL < day < today), default=None))
    whole = (
        day for day in steady if day < today and steady[day] >= WHOLE_SHARE * steady.get(day - 7, 0)
    )
    return _date(max(whole, default=None))


def _number(day: dt.date) -> int:
    return (day - _EPOCH).days


def _date(number: int | None) -> dt.date | None:
    return None if number is None else _EPOCH + number * DAY


def _counts(
    kind: Kind,
    package: PackageName,
    rows: Collection[_Row],
    newest: dt.date | None,
    answer: QueryAnswer,
) -> Answer:
    first_days = [day for row in rows if row.role == "first" for day in row.by_day]
    if not first_days:
        if rows:
            raise ValueError("no first day")
        return UnknownPackage.named(package, CLICKHOUSE)
    view, (first,) = kind.view, first_days
    tomorrow = answer.fetched_at.date() + DAY
    if first > _number(tomorrow):
        raise ValueError("a first day in the future")
    start = first if view.start is None else _number(view.start)
    end = _number(view.end or tomorrow)
    categories = _categories(kind, rows)
    days = {day for by_day in categories.values() for day in by_day}
    if view.period == "all":
        if not days <= {_TOTAL}:
            raise ValueError("not totals")
        first, span = max(first, start), range(_TOTAL, _TOTAL + 1)
    else:
        if days and not start <= min(days) <= max(days) <= end:
            raise ValueError("other days")
        # From the package's first day on, a day without a row is one without downloads. A version's is not known.
        known = max(first, start)
        first = min(days, default=known) if view.version else min({known, *days})
        span = range(first, max(days, default=0) + 1)
    counts = {name: list(map(by_day.get, span)) for name, by_day in categories.items()}
    first_day = _EPOCH + first * DAY
    return DailyCounts(
        first=first_day,
        counts=counts,
        source=answer.source,
        fetched_at=answer.fetched_at,
        as_of=newest or first_day,
        fresh_until=recheck_at(newest, answer.fetched_at),
    )


def _categories(kind: Kind, rows: Collection[_Row]) -> dict[str, _ByDay]:
    """The downloads by category and day: the largest categories first, then `OTHER` and `null`."""
    named: dict[str, Counter[int]] = {}
    whole: Counter[int] = Counter()
    for row in rows:
        if row.role == "whole":
            whole.update(row.by_day)
        elif row.role != "first":
            named.setdefault(_name(row), Counter()).update(row.by_day)
    if kind.breakdown in COMPLETED:
        for by_day in named.values():
            whole.subtract(by_day)
        named[NULL_CATEGORY] = +whole  # without days on which nothing is left
    last = {name: named.pop(name) for name in (OTHER, NULL_CATEGORY) if name in named}
    largest = sorted(named.items(), key=lambda item: (-item[1].total(), item[0]))
    return {name: by_day for name, by_day in [*largest, *last.items()] if by_day}


def _name(row: _Row) -> str:
    """The category that a row is counted in; `OTHER` for unreadable names, which anyone can make up."""
    if row.role == "other" or len(row.category) > MAX_CATEGORY_LENGTH:
        return OTHER
    if not row.category:
        return NULL_CATEGORY
    return row.category if row.category.isprintable() else OTHER
