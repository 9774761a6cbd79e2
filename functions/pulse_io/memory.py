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

MAX_ROWS: Final = 100_000
"""Rows kept at most. A package has some 360 on `overall` and 2,500 on `python_minor`."""

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

    def __init__(self, max_rows: int = MAX_ROWS) -> None:
        self._kept: LRUCache[Key, Kept] = LRUCache(max_rows, getsizeof=_rows)

    def find(self, key: Key) -> Kept | None:
        """What is kept, fresh or not."""
        return self._kept.get(key)

    def keep(self, key: Key, kept: Kept) -> Kept:
        """Keep it, if it is not larger than all the room there is. Returns it."""
        if _rows(kept) <= self._kept.maxsize:
            self._kept[key] = kept
        return kept


def _order(kept: Kept) -> tuple[dt.datetime, dt.datetime]:
    """An unknown name holds for an hour from when it was asked for."""
    if kept.content is None:
        return kept.fresh_until - UNKNOWN_FOR, kept.fresh_until
    return kept.content.fetched_at, kept.fresh_until


def _rows(kept: Kept) -> int:
    return 1 if kept.content is None else len(kept.content.rows)
