"""Where a place is free among calls that hold theirs for a while. All times are whole milliseconds."""

from collections.abc import Iterable
from typing import NamedTuple


class Span(NamedTuple):
    """From when to when a call may be counted by upstream."""

    first: int
    last: int


def first_free(moment: int, length_ms: int, taken: Iterable[Span], span_ms: int, limit: int) -> int:
    """The first moment from `moment` on from which a place is free for `length_ms` without a break.

    What is taken holds its place for `span_ms` after its last moment.
    """
    if not limit:
        return moment
    changes = sorted(
        change for first, last in taken for change in ((first, 1), (last + span_ms, -1))
    )
    used, full_since = 0, 0
    for at, change in changes:
        used += change
        if used == limit and change > 0:
            full_since = at
        if used == limit - 1 and change < 0 and full_since < moment + length_ms:
            moment = max(moment, at)
    return moment
