"""pypistats.org's API: what to ask of it, and how far to believe what it answers.

Sans-I/O: this builds requests and reads answers; the caller carries them. It asks for whole
endpoints and never for a filtered part, since upstream passes filter values through `.title()` and
so finds nothing for `other` and `null`, and since one call then serves every question.
"""

import datetime as dt
import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple, TypeVar

from pydantic import ValidationError

from pulse import __version__
from pulse.models import (
    DailyDownloads,
    FetchedRows,
    PyPIRecentData,
    PyPIResponseData,
    RecentDownloads,
    Source,
)
from pulse.names import PackageName
from pulse.problems import (
    THROTTLED_RETRY_AFTER_S,
    UnknownPackage,
    UpstreamBroken,
    UpstreamThrottled,
)

USER_AGENT: Final = f"pypi-pulse/{__version__} (+https://github.com/pypi-pulse/pypi-pulse)"
"""The etiquette asks for the program, its version and where it lives."""

REQUEST_HEADERS: Final = {"User-Agent": USER_AGENT, "Accept": "application/json"}
SOURCE_HEADER: Final = "X-Pulse-Source"
"""The stand-in says `simulated` here, so invented numbers can't pass for real ones."""

MAX_ATTEMPTS: Final = 2
"""A GET is tried once more when the connection failed: a warm one may have died unnoticed."""

MAX_AGE_DAYS: Final = 3660
"""Upstream keeps 181 days. A day more than ten years ago is an error and not a history."""

MAX_RETRY_AFTER_S: Final = 3600
"""A longer wait is an error: upstream counts calls by the minute."""

NULL_CATEGORY: Final = "null"
"""The string by which upstream says that a version or system is not known."""

_SECONDS: Final = re.compile(r"[0-9]{1,9}", re.ASCII)

_HTTP_OK: Final = 200
_HTTP_NOT_FOUND: Final = 404
_HTTP_TOO_MANY_REQUESTS: Final = 429


class Endpoint(StrEnum):
    """The endpoints with a row per category and day."""

    OVERALL = "overall"
    PYTHON_MAJOR = "python_major"
    PYTHON_MINOR = "python_minor"
    SYSTEM = "system"


RECENT: Final = "recent"
"""The endpoint with sums. It is worked out from `overall`, and asked only if rows can't tell it."""

Content = TypeVar("Content", PyPIResponseData, PyPIRecentData)


def request_path(package: PackageName, endpoint: str) -> str:
    """The path to GET below the base URL, with no slash at its end: that would be a 404."""
    return f"/api/packages/{package}/{endpoint}"


class UpstreamAnswer(NamedTuple):
    """What came over the wire, and when (UTC). `headers` looks names up in any case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    fetched_at: dt.datetime


def read_answer(package: PackageName, endpoint: Endpoint, answer: UpstreamAnswer) -> FetchedRows:
    """Check an answer and take its rows.

    All endpoints but `overall` answer without rows for an unknown package as well as for one that only
    mirrors download: `overall` alone tells them apart.

    Raises:
        UnknownPackage: 404, or no rows on `overall`.
        UpstreamThrottled: 429.
        UpstreamBroken: any other status; a body that is not the JSON it should be; another
            package's or endpoint's answer; two counts for one category and day.
    """
    content = _read(PyPIResponseData, package, endpoint, answer)
    if not content.data and endpoint is Endpoint.OVERALL:
        raise UnknownPackage.named(package)
    _check_rows(content.data, answer.fetched_at.date())
    return FetchedRows(
        rows=content.data, source=_source(answer.headers), fetched_at=answer.fetched_at
    )


def read_recent(package: PackageName, answer: UpstreamAnswer) -> RecentDownloads:
    """Check an answer on `recent` and take its sums.

    Raises:
        UnknownPackage, UpstreamThrottled, UpstreamBroken: as `read_answer`.
    """
    return _read(PyPIRecentData, package, RECENT, answer).data


def _read(
    model: type[Content], package: PackageName, endpoint: str, answer: UpstreamAnswer
) -> Content:
    """The content of an answer, once it is sure that it is the one that was asked for."""
    if answer.status == _HTTP_NOT_FOUND:
        raise UnknownPackage.named(package)
    if answer.status == _HTTP_TOO_MANY_REQUESTS:
        raise UpstreamThrottled(_retry_after_s(answer.headers))
    if answer.status != _HTTP_OK:
        raise UpstreamBroken.because(f"its status is {answer.status}")
    try:
        content = model.model_validate_json(answer.body)
    except ValidationError as error:
        raise UpstreamBroken.because("it is not the JSON that was asked for") from error
    if (content.package, content.type) != (package, f"{endpoint}_downloads"):
        raise UpstreamBroken.because("it answers another question")
    return content


def _check_rows(rows: list[DailyDownloads], today: dt.date) -> None:
    if len({(row.category, row.date) for row in rows}) != len(rows):
        raise UpstreamBroken.because("it counts one day twice")
    oldest = today - dt.timedelta(days=MAX_AGE_DAYS)
    if any(not oldest <= row.date <= today for row in rows):
        raise UpstreamBroken.because("it counts days that have not been, or are ten years ago")


def _source(headers: Mapping[str, str]) -> Source:
    return "simulated" if headers.get(SOURCE_HEADER) == "simulated" else "pypistats.org"


def _retry_after_s(headers: Mapping[str, str]) -> int:
    """Whole seconds to wait; pypistats.org itself never says, a proxy before it may."""
    value = headers.get("Retry-After", "")
    if not _SECONDS.fullmatch(value):
        return THROTTLED_RETRY_AFTER_S
    return min(int(value), MAX_RETRY_AFTER_S)
