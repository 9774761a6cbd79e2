"""What ClickHouse's errors mean."""

import datetime as dt
import math
import re
from collections.abc import Mapping
from typing import Final

from pulse.http_status import problem_of_status
from pulse.problems import (
    CLICKHOUSE,
    UpstreamBroken,
    UpstreamProblem,
    UpstreamThrottled,
    UpstreamTooSlow,
)

CODE_HEADER: Final = "X-ClickHouse-Exception-Code"

QUOTA_S: Final = 3600
"""The longest `Retry-After` for a used-up quota."""

_IN_MID_BODY: Final = b"\r\n__exception__\r\n"
"""Marks an error in a body that has begun as an answer. A text in JSON has no line breaks."""

_HTTP_OK: Final = 200

_CODE: Final = re.compile(r"[0-9]{1,5}", re.ASCII)
_INTERVAL_END: Final = re.compile(
    r"Interval will end at (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)", re.ASCII
)

_TIMEOUT: Final = 159
_QUOTA: Final = 201
_REASONS: Final = {
    60: "it has no such table",
    81: "it has no such database",
    158: "the query would read too many rows",
    164: "its user may not change a setting",
    192: "the login failed",
    193: "the login failed",
    194: "the login failed",
    241: "the query needs too much memory",
    307: "the query would read too many bytes",
    396: "the answer has too many rows",
    497: "its user may not read the table",
    516: "the login failed",
}


def problem_of(
    status: int, headers: Mapping[str, str], body: bytes, now: dt.datetime
) -> UpstreamProblem | None:
    """The problem that an answer tells of, or None. `headers` must be case-insensitive.

    The text of an error is not repeated: it may quote the query.
    """
    code = headers.get(CODE_HEADER, "")
    if code:
        number = int(code) if _CODE.fullmatch(code) else 0
        if number == _QUOTA:
            return UpstreamThrottled(_quota_ends_s(body, now), CLICKHOUSE)
        if number == _TIMEOUT:
            return UpstreamTooSlow(source=CLICKHOUSE)
        return UpstreamBroken.because(_REASONS.get(number, f"its error is {number}"), CLICKHOUSE)
    if status != _HTTP_OK:
        return problem_of_status(status, headers, now, CLICKHOUSE)
    if _IN_MID_BODY in body:
        return UpstreamBroken.because("it ends in an error", CLICKHOUSE)
    return None


def _quota_ends_s(body: bytes, now: dt.datetime) -> int:
    """The seconds until the quota's interval ends, which the text gives in UTC; an hour if it does not."""
    found = _INTERVAL_END.search(body.decode(errors="replace"))
    if found is None:
        return QUOTA_S
    try:
        ends = dt.datetime.fromisoformat(found[1]).replace(tzinfo=dt.UTC)
    except ValueError:
        return QUOTA_S
    return max(1, min(math.ceil((ends - now).total_seconds()), QUOTA_S))
