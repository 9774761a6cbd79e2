"""What the HTTP status of a source's failure means: when to ask again, or why the response can't be used."""

import datetime as dt
import math
import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Final

from pulse.problems import (
    PYPISTATS,
    THROTTLED_RETRY_AFTER_S,
    UpstreamBroken,
    UpstreamProblem,
    UpstreamRefused,
)

MAX_RETRY_AFTER_S: Final = 3600
"""Longer waits are cut to this: the sources count calls per minute or hour."""

MAX_SHOWN: Final = 200
"""How many characters of a source's text a problem repeats."""

_SECONDS: Final = re.compile(r"[0-9]{1,9}", re.ASCII)

_HTTP_TOO_MANY_REQUESTS: Final = 429
_HTTP_UNAVAILABLE: Final = 503


def problem_of_status(
    status: int, headers: Mapping[str, str], at: dt.datetime, source: str = PYPISTATS
) -> UpstreamProblem:
    """The problem for a response that arrived at this time (UTC) and whose status is not 200.

    `headers` must be case-insensitive.
    """
    # http.client keeps spaces at the end of a header.
    retry_after_s = _retry_after_s(headers.get("Retry-After", "").strip(), at)
    if status == _HTTP_TOO_MANY_REQUESTS:
        return UpstreamRefused(retry_after_s or THROTTLED_RETRY_AFTER_S, source)
    if status == _HTTP_UNAVAILABLE and retry_after_s:
        return UpstreamRefused(retry_after_s, source)
    location = headers.get("Location", "")[:MAX_SHOWN]
    redirect = f", a redirect to {location!r}" if location else ""
    return UpstreamBroken.because(f"its status is {status}{redirect}", source)


def _retry_after_s(value: str, at: dt.datetime) -> int | None:
    """The Retry-After in whole seconds, or None. pypistats.org sends none; a proxy in front of it may."""
    try:
        if _SECONDS.fullmatch(value):
            seconds = float(value)
        else:
            moment = parsedate_to_datetime(value)
            if moment.tzinfo is None:
                moment = moment.replace(tzinfo=dt.UTC)
            seconds = (moment - at).total_seconds()
    except (ValueError, OverflowError):
        return None
    return max(1, min(math.ceil(seconds), MAX_RETRY_AFTER_S))
