"""pypistats.org's API: builds requests and validates responses.

Sans-I/O: the caller sends the requests. They never filter: one unfiltered response answers every question,
and upstream's filters don't work for `other` and `null`, because it passes filter values through `.title()`.
"""

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from pulse import __version__, strict_json
from pulse.as_of import own_as_of
from pulse.body import BodyReader
from pulse.daily_counts import DailyCounts, Source
from pulse.freshness import WINDOW_DAYS
from pulse.http_status import problem_of_status
from pulse.models import RecentDownloads
from pulse.names import PackageName
from pulse.problems import UnknownPackage, UpstreamBroken
from pulse.questions import Breakdown, Question

USER_AGENT: Final = f"pypi-pulse/{__version__} (+https://github.com/pypi-pulse/pypi-pulse)"
"""Names the program, its version and its home page, as pypistats.org asks its clients to."""

REQUEST_HEADERS: Final = {
    "User-Agent": USER_AGENT,
    "Accept": "application/json",
    "Accept-Encoding": "gzip",
}
SOURCE_HEADER: Final = "X-Pulse-Source"
"""The fake pypistats.org sends `simulated` here, so its figures can't be mistaken for real ones."""

MAX_ATTEMPTS: Final = 2
"""A GET is retried once after a connection error: the server may have closed an idle connection."""

MAX_AGE_DAYS: Final = 3660
"""Upstream keeps 181 days; a date more than ten years ago is an error."""

MAX_COUNT: Final = 2**63 - 1
"""The largest number that upstream's database can hold."""

MAX_CATEGORY_LENGTH: Final = 100
"""In characters. The longest real category is `without_mirrors`."""

NULL_CATEGORY: Final = "null"
"""Upstream's category for an unknown version or system."""

_ISO_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_NOT_THE_JSON: Final = "it is not the expected JSON"

_HTTP_OK: Final = 200
_HTTP_NOT_FOUND: Final = 404


RECENT: Final = "recent"
"""The endpoint with sums. Sums are computed from `overall`; this is called only to find out `as_of`."""

REAL_CATEGORIES: Final = {
    Breakdown.OVERALL: 2,
    Breakdown.PYTHON_MAJOR: 3,
    Breakdown.PYTHON_MINOR: 30,
    Breakdown.SYSTEM: 5,
}
"""The number of categories of the largest real response, the one for `__all__`."""

REAL_ROW_BYTES: Final = 64
"""The size of a row such as `{"category":"3.10","date":"2026-05-25","downloads":1234567890},`."""

TOLERANCE: Final = 10
"""A response may have this many times the categories, rows or bytes of the largest real one.

The limits are 300 categories, 54,300 rows and 3.5 MB for `python_minor`, and 20 categories, 3,620 rows and
232 KB for `overall`; a comparison holds fifty of the latter.
"""


def body_reader(endpoint: str, status: int, headers: Mapping[str, str]) -> BodyReader:
    """A reader for the body of a response, with the size limit of its endpoint (see `TOLERANCE`).

    `recent` has the limit of `overall`. The body of an error is not used, so it is not decompressed.

    Raises:
        UpstreamBroken: as `BodyReader`.
    """
    categories = REAL_CATEGORIES[Breakdown.OVERALL if endpoint == RECENT else Breakdown(endpoint)]
    limit_bytes = TOLERANCE * categories * WINDOW_DAYS * REAL_ROW_BYTES
    return BodyReader(headers if status == _HTTP_OK else {}, limit_bytes)


def request_path(package: PackageName, endpoint: str) -> str:
    """The path to GET below the base URL. It has no trailing slash: upstream answers 404 to one."""
    return f"/api/packages/{package}/{endpoint}"


class UpstreamAnswer(NamedTuple):
    """A raw HTTP response and the time it arrived (UTC). `headers` must be case-insensitive."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    fetched_at: dt.datetime


def read_answer(question: Question, answer: UpstreamAnswer) -> DailyCounts:
    """Validate a response and return its counts, with the `as_of` that its own rows show.

    Every endpoint except `overall` returns no rows both for an unknown package and for one that only
    mirrors download. Only `overall` tells the two apart.

    The time grows with the size of the body: about 10 ms for the largest real response, 0.2 s for the
    largest that `body_reader` accepts.

    Raises:
        UnknownPackage: status 404, or no rows on `overall`.
        UpstreamRefused: status 429, or 503 with a Retry-After.
        UpstreamBroken: any other status; a body that is not the expected JSON; the response of another
            package or endpoint; too many rows; two counts for one category and day.
    """
    package, breakdown, _ = question
    data = _read(package, breakdown, answer)
    try:
        rows = _rows(data)
    except (ValueError, KeyError, TypeError) as error:
        raise UpstreamBroken.because(_NOT_THE_JSON) from error
    if not rows and breakdown is Breakdown.OVERALL:
        raise UnknownPackage.named(package)
    first, counts = _counts(rows, breakdown, answer.fetched_at.date())
    return own_as_of(first, counts, _source(answer.headers), answer.fetched_at)


def read_recent(package: PackageName, answer: UpstreamAnswer) -> RecentDownloads:
    """Validate a response of `recent` and return its sums.

    Raises:
        UnknownPackage, UpstreamRefused, UpstreamBroken: as `read_answer`.
    """
    data = _read(package, RECENT, answer)
    try:
        return RecentDownloads(
            last_day=_count(data["last_day"]),
            last_month=_count(data["last_month"]),
            last_week=_count(data["last_week"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise UpstreamBroken.because(_NOT_THE_JSON) from error


def _read(package: PackageName, endpoint: str, answer: UpstreamAnswer) -> Any:  # noqa: ANN401 - any JSON
    """The `data` of a response, after checking its status, package and endpoint."""
    if answer.status == _HTTP_NOT_FOUND:
        raise UnknownPackage.named(package)
    if answer.status != _HTTP_OK:
        raise problem_of_status(answer.status, answer.headers, answer.fetched_at)
    try:
        # Not pydantic, which accepts duplicate keys and reads "1779667200" as a date.
        content = strict_json.loads(answer.body)
        data, echo = content["data"], (content["package"], content["type"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise UpstreamBroken.because(_NOT_THE_JSON) from error
    if echo != (package, f"{endpoint}_downloads"):
        raise UpstreamBroken.because("it is for another package or endpoint")
    return data


class _Row(NamedTuple):
    category: str
    date: dt.date
    downloads: int


def _rows(data: Any) -> list[_Row]:  # noqa: ANN401 - any JSON
    """The rows of a response.

    Raises:
        ValueError, KeyError, TypeError: `data` is not a list of rows.
    """
    if not isinstance(data, list):
        raise TypeError("not a list")
    # Each distinct category and date is checked once; there are far fewer of them than rows.
    categories = {value: _category(value) for value in _distinct(row["category"] for row in data)}
    dates = {value: _date(value) for value in _distinct(row["date"] for row in data)}
    return [
        _Row(categories[row["category"]], dates[row["date"]], _count(row["downloads"]))
        for row in data
    ]


def _distinct(values: Iterable[object]) -> set[str | None]:
    """The distinct values. Numbers are rejected: chosen to have equal hashes, they slow a set down to minutes."""
    found: set[str | None] = set()
    for value in values:
        if value is not None and not isinstance(value, str):
            raise TypeError("not a text")
        found.add(value)
    return found


def _category(value: str | None) -> str:
    """A category; JSON's null becomes `NULL_CATEGORY`."""
    if value is None:
        return NULL_CATEGORY
    if len(value) > MAX_CATEGORY_LENGTH or not value.isprintable():
        raise ValueError("not a category")
    return value


def _date(value: str | None) -> dt.date:
    if value is None or not _ISO_DATE.fullmatch(value):
        raise ValueError("not a date")
    return dt.date.fromisoformat(value)


def _count(value: object) -> int:
    """A count; rejects `true`, `1.0` and `"1"`."""
    if type(value) is not int or not 0 <= value <= MAX_COUNT:
        raise ValueError("not a count")
    return value


def _counts(
    rows: Sequence[_Row], breakdown: Breakdown, today: dt.date
) -> tuple[dt.date, dict[str, list[int | None]]]:
    """The first day, and for each category its counts by day from then on."""
    if not rows:
        return today, {}
    first, latest = min(row.date for row in rows), max(row.date for row in rows)
    if first < today - dt.timedelta(days=MAX_AGE_DAYS) or latest > today:
        raise UpstreamBroken.because("it has dates in the future, or more than ten years ago")
    length = (latest - first).days + 1
    categories = len({row.category for row in rows})
    most = TOLERANCE * REAL_CATEGORIES[breakdown]
    if categories > most or categories * length > most * WINDOW_DAYS:
        raise UpstreamBroken.because("it has far too many categories or days")
    counts: dict[str, list[int | None]] = {}
    for category, date, downloads in rows:
        days = counts.setdefault(category, [None] * length)
        number = (date - first).days
        if days[number] is not None:
            raise UpstreamBroken.because("it has two counts for one day")
        days[number] = downloads
    return first, counts


def _source(headers: Mapping[str, str]) -> Source:
    return "simulated" if headers.get(SOURCE_HEADER) == "simulated" else "pypistats.org"
