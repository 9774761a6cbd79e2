"""What was fetched, kept in the memory of the execution environment."""

import datetime as dt
from typing import Final, NamedTuple

from cachetools import LRUCache

from pulse.analysis import DAY
from pulse.as_of import newest_whole_day, own_as_of
from pulse.freshness import UNKNOWN_FOR, fresh_until, newest_expected
from pulse.models import FetchedRows
from pulse.names import PackageName
from pulse.pypistats import Endpoint

MAX_BYTES: Final = 60_000_000
"""Memory for all that is kept: some 270 packages' `overall`, or 40 of their `python_minor`.

An execution environment has 512 MB by default.
"""

ENTRY_BYTES: Final = 1_000
"""Of what is kept for one package and endpoint, beside its rows."""

ROW_BYTES: Final = 600
"""Of one row: 520 to 560 as measured, with a date of its own. Its category is shared by many rows."""

_CHARACTER_BYTES: Final = 4

Key = tuple[PackageName, Endpoint]


class Kept(NamedTuple):
    """What upstream said, and until when there is no use in asking again (UTC).

    The content is None if it knows no such package. `as_of` is None until it is known.
    """

    content: FetchedRows | None
    fresh_until: dt.datetime
    as_of: dt.date | None = None


def kept_from(content: FetchedRows | None, now: dt.datetime) -> Kept:
    """What upstream says now, with how long that is good for."""
    if content is None:
        return Kept(None, now + UNKNOWN_FOR)
    as_of = own_as_of(content)
    late = newest_whole_day(content.rows) or newest_expected(content.fetched_at) - DAY
    return Kept(content, fresh_until(as_of or late, content.fetched_at), as_of)


def stale(kept: Kept, until: dt.datetime) -> Kept:
    """What upstream has failed to renew, to be served without asking until then."""
    if kept.content is None:
        return kept
    return Kept(kept.content.model_copy(update={"stale": True}), until, kept.as_of)


def fetched_later(one: Kept | None, other: Kept | None) -> Kept | None:
    """Of two answers to the same question the one that holds: what was fetched or asked last."""
    if one is None or other is None:
        return one or other
    return max(one, other, key=_order)


class Memory:
    """The last answer for each package and endpoint; the least recently used give way."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._kept: LRUCache[Key, Kept] = LRUCache(max_bytes, getsizeof=_size)

    def find(self, key: Key) -> Kept | None:
        """What is kept, fresh or not."""
        return self._kept.get(key)

    def keep(self, key: Key, kept: Kept) -> Kept:
        """Keep it, if it is not larger than all the room there is. Returns it."""
        if _size(kept) <= self._kept.maxsize:
            self._kept[key] = kept
        return kept


def _order(kept: Kept) -> tuple[dt.datetime, dt.datetime]:
    """An unknown name holds for an hour from when it was asked for."""
    if kept.content is None:
        return kept.fresh_until - UNKNOWN_FOR, kept.fresh_until
    return kept.content.fetched_at, kept.fresh_until


def _size(kept: Kept) -> int:
    """Bytes of memory, about."""
    rows = kept.content.rows if kept.content else []
    categories = sum(map(len, {row.category for row in rows}))
    return ENTRY_BYTES + ROW_BYTES * len(rows) + _CHARACTER_BYTES * categories
