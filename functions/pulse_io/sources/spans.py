"""Finds the next moment at which a rate limit has room for a call. All times are whole milliseconds."""

from collections.abc import Iterable
from typing import NamedTuple


class Span(NamedTuple):
    """A call is counted between `first` and `last`."""

    first: int
    last: int


def first_free(
    start: int, duration_ms: int, taken: Iterable[Span], window_ms: int, limit: int
) -> int:
    """The first moment from `start` on for a call that is counted within `duration_ms`.

    In no window of `window_ms` more than `limit` calls may be counted; 0 is no limit.
    """
    if not limit:
        return start
    changes = sorted(
        change for first, last in taken for change in ((first, 1), (last + window_ms, -1))
    )
    moment, used, full_since = start, 0, 0
    for at, change in changes:
        used += change
        if used == limit and change > 0:
            full_since = at
        if used == limit - 1 and change < 0 and full_since < moment + duration_ms + window_ms:
            moment = max(moment, at)
    return moment
