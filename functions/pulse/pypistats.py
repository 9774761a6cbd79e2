"""pypistats.org's API: what to ask of it, and how far to believe what it answers.

Sans-I/O: this builds requests and reads answers; the caller carries them. It asks for whole
endpoints and never for a filtered part, since upstream passes filter values through `.title()` and
so finds nothing for `other` and `null`, and since one call then serves every question.
"""

import datetime as dt
import json
import math
import re
from collections.abc import Mapping, Sequence
from email.utils import parsedate_to_datetime
from typing import Any, Final, NamedTuple

from pulse import __version__
from pulse.as_of import own_as_of
from pulse.body import BodyReader
from pulse.daily_counts import DailyCounts, Source
from pulse.models import RecentDownloads
from pulse.names import PackageName
from pulse.problems import (
    THROTTLED_RETRY_AFTER_S,
    UnknownPackage,
    UpstreamBroken,
    UpstreamThrottled,
)
from pulse.questions import Breakdown, Question

USER_AGENT: Final = f"pypi-pulse/{__version__} (+https://github.com/pypi-pulse/pypi-pulse)"
"""The etiquette asks for the program, its version and where it lives."""

REQUEST_HEADERS: Final = {
    "User-Agent": USER_AGENT,
    "Accept": "application/json",
    "Accept-Encoding": "gzip",
}
SOURCE_HEADER: Final = "X-Pulse-Source"
"""The stand-in says `simulated` here, so invented numbers can't pass for real ones."""

MAX_ATTEMPTS: Final = 2
"""A GET is tried once more when the connection failed: a warm one may have died unnoticed."""

MAX_AGE_DAYS: Final = 3660
"""Upstream keeps 181 days. A day more than ten years ago is an error and not a history."""

MAX_RETRY_AFTER_S: Final = 3600
"""A longer wait is an error: upstream counts calls by the minute."""

MAX_COUNT: Final = 2**63 - 1
"""What upstream's own database can hold."""

MAX_CATEGORY_LENGTH: Final = 100
"""Characters. The longest true category is `without_mirrors`."""

MAX_SHOWN: Final = 200
"""Characters of what upstream says that are repeated in a problem."""

NULL_CATEGORY: Final = "null"
"""The string by which upstream says that a version or system is not known."""

_SECONDS: Final = re.compile(r"[0-9]{1,9}", re.ASCII)
_ISO_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_NOT_THE_JSON: Final = "it is not the JSON that was asked for"

_HTTP_OK: Final = 200
_HTTP_NOT_FOUND: Final = 404
_HTTP_TOO_MANY_REQUESTS: Final = 429
_HTTP_UNAVAILABLE: Final = 503


RECENT: Final = "recent"
"""The endpoint with sums. It is worked out from `overall`, and asked only if rows can't tell it."""

TRUE_CATEGORIES: Final = {
    Breakdown.OVERALL: 2,
    Breakdown.PYTHON_MAJOR: 3,
    Breakdown.PYTHON_MINOR: 30,
    Breakdown.SYSTEM: 5,
}
"""How many categories the largest true answer has: that about `__all__`."""

TRUE_DAYS: Final = 181
"""How many days upstream keeps."""

TRUE_ROW_BYTES: Final = 64
"""`{"category":"3.10","date":"2026-05-25","downloads":1234567890},`"""

TOLERANCE: Final = 10
"""An answer with more than so many times the categories, rows or bytes of the largest true one is refused.

`python_minor` may thus have 300 categories, 54,300 rows and 3.5 MB; `overall`, of which a comparison holds
fifty, 20 categories, 3,620 rows and 232 KB.
"""


def body_reader(endpoint: str, status: int, headers: Mapping[str, str]) -> BodyReader:
    """Reads an answer's body, which is as large as `TOLERANCE` allows at most.

    What has no rows (`recent`, an HTML page) has as much room as `overall`. The body of a failure is
    not decompressed, since nobody looks at it.

    Raises:
        UpstreamBroken: as `BodyReader`.
    """
    categories = TRUE_CATEGORIES[Breakdown.OVERALL if endpoint == RECENT else Breakdown(endpoint)]
    limit_bytes = TOLERANCE * categories * TRUE_DAYS * TRUE_ROW_BYTES
    return BodyReader(headers if status == _HTTP_OK else {}, limit_bytes)


def request_path(package: PackageName, endpoint: str) -> str:
    """The path to GET below the base URL, with no slash at its end: that would be a 404."""
    return f"/api/packages/{package}/{endpoint}"


class UpstreamAnswer(NamedTuple):
    """What came over the wire, and when (UTC). `headers` looks names up in any case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    fetched_at: dt.datetime


def read_answer(question: Question, answer: UpstreamAnswer) -> DailyCounts:
    """Check an answer and take its counts, as of the day that its own rows tell.

    All endpoints but `overall` answer without rows for an unknown package as well as for one that only
    mirrors download: `overall` alone tells them apart.

    The work grows with the size of the body alone: some 10 ms for the largest true answer, 0.2 s for
    the largest that `body_reader` lets through.

    Raises:
        UnknownPackage: 404, or no rows on `overall`.
        UpstreamThrottled: 429, or 503 with a Retry-After.
        UpstreamBroken: any other status; a body that is not the JSON it should be; another
            package's or endpoint's answer; more rows than there can be; two counts for one category
            and day.
    """
    package, breakdown = question
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
    """Check an answer on `recent` and take its sums.

    Raises:
        UnknownPackage, UpstreamThrottled, UpstreamBroken: as `read_answer`.
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
    """The `data` of an answer, once it is sure that it is the one that was asked for."""
    if answer.status == _HTTP_NOT_FOUND:
        raise UnknownPackage.named(package)
    retry_after_s = _retry_after_s(answer)
    if answer.status == _HTTP_TOO_MANY_REQUESTS:
        raise UpstreamThrottled(retry_after_s or THROTTLED_RETRY_AFTER_S)
    if answer.status == _HTTP_UNAVAILABLE and retry_after_s:
        raise UpstreamThrottled(retry_after_s)
    if answer.status != _HTTP_OK:
        location = answer.headers.get("Location", "")[:MAX_SHOWN]
        redirect = f", a redirect to {location!r}" if location else ""
        raise UpstreamBroken.because(f"its status is {answer.status}{redirect}")
    try:
        # Not by pydantic: it takes the last of two values for one key, and "1779667200" for a date.
        content = json.loads(
            answer.body.decode(), object_pairs_hook=_object, parse_constant=_no_number
        )
        data, echo = content["data"], (content["package"], content["type"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise UpstreamBroken.because(_NOT_THE_JSON) from error
    if echo != (package, f"{endpoint}_downloads"):
        raise UpstreamBroken.because("it answers another question")
    return data


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object that has each key once."""
    content = dict(pairs)
    if len(content) != len(pairs):
        raise ValueError("a key is given twice")
    return content


def _no_number(constant: str) -> None:
    """Refuse `NaN` and `Infinity`, which JSON does not have."""
    raise ValueError(f"{constant} is not JSON")


class _Row(NamedTuple):
    category: str
    date: dt.date
    downloads: int


def _rows(data: Any) -> list[_Row]:  # noqa: ANN401 - any JSON
    """The rows of an answer.

    Raises:
        ValueError, KeyError, TypeError: they are not rows.
    """
    if not isinstance(data, list):
        raise TypeError("not a list")
    # There are far fewer categories and dates than rows.
    categories = {value: _category(value) for value in {row["category"] for row in data}}
    dates = {value: _date(value) for value in {row["date"] for row in data}}
    return [
        _Row(categories[row["category"]], dates[row["date"]], _count(row["downloads"]))
        for row in data
    ]


def _category(value: object) -> str:
    """A category; JSON's null is the one that upstream calls `null`."""
    if value is None:
        return NULL_CATEGORY
    if not isinstance(value, str) or len(value) > MAX_CATEGORY_LENGTH or not value.isprintable():
        raise ValueError("not a category")
    return value


def _date(value: object) -> dt.date:
    if not isinstance(value, str) or not _ISO_DATE.fullmatch(value):
        raise ValueError("not a date")
    return dt.date.fromisoformat(value)


def _count(value: object) -> int:
    """A count, which is none of `true`, `1.0` and `"1"`."""
    if type(value) is not int or not 0 <= value <= MAX_COUNT:
        raise ValueError("not a count")
    return value


def _counts(
    rows: Sequence[_Row], breakdown: Breakdown, today: dt.date
) -> tuple[dt.date, dict[str, list[int | None]]]:
    """The first day, and the counts by category and day."""
    if not rows:
        return today, {}
    first, latest = min(row.date for row in rows), max(row.date for row in rows)
    if first < today - dt.timedelta(days=MAX_AGE_DAYS) or latest > today:
        raise UpstreamBroken.because("it counts days that have not been, or are ten years ago")
    length = (latest - first).days + 1
    categories = len({row.category for row in rows})
    most = TOLERANCE * TRUE_CATEGORIES[breakdown]
    if categories > most or categories * length > most * TRUE_DAYS:
        raise UpstreamBroken.because("it has far more categories or days than any true one")
    counts: dict[str, list[int | None]] = {}
    for category, date, downloads in rows:
        days = counts.setdefault(category, [None] * length)
        number = (date - first).days
        if days[number] is not None:
            raise UpstreamBroken.because("it counts one day twice")
        days[number] = downloads
    return first, counts


def _source(headers: Mapping[str, str]) -> Source:
    return "simulated" if headers.get(SOURCE_HEADER) == "simulated" else "pypistats.org"


def _retry_after_s(answer: UpstreamAnswer) -> int | None:
    """Whole seconds to wait, if it says so; pypistats.org itself never does, a proxy before it may."""
    value = answer.headers.get("Retry-After", "")
    try:
        if _SECONDS.fullmatch(value):
            seconds = float(value)
        else:
            moment = parsedate_to_datetime(value)
            if moment.tzinfo is None:
                moment = moment.replace(tzinfo=dt.UTC)
            seconds = (moment - answer.fetched_at).total_seconds()
    except (ValueError, OverflowError):
        return None
    return max(1, min(math.ceil(seconds), MAX_RETRY_AFTER_S))
