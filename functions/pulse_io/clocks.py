"""The types of the two clocks of the asynchronous side, and the usual `Now`."""

import datetime as dt
from collections.abc import Callable

Now = Callable[[], dt.datetime]
"""The current time in UTC, for freshness."""

Clock = Callable[[], float]
"""Seconds since 1970, for rate limit and leases: environments share no other clock."""


def utc_now() -> dt.datetime:
    """The current time in UTC, in whole seconds."""
    return dt.datetime.now(dt.UTC).replace(microsecond=0)
