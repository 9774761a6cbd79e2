"""Rows as few bytes: DynamoDB bills by the kilobyte, and a row a day is mostly its date.

Each category becomes a list of counts, one for each day from the oldest to the newest, null where
there is no row.
"""

import datetime as dt
import json
import zlib
from collections.abc import Sequence
from typing import Final

from pulse.models import DailyDownloads

_DAY: Final = dt.timedelta(days=1)
_LEVEL: Final = 9


class UnreadableRows(ValueError):
    """These bytes are no rows, or another version's."""


def pack(rows: Sequence[DailyDownloads]) -> bytes:
    """Rows, one for each category and day at most, as compressed JSON."""
    if not rows:
        return _compressed({"first": dt.date.min.isoformat(), "counts": {}})
    first = min(row.date for row in rows)
    days = (max(row.date for row in rows) - first).days + 1
    counts: dict[str, list[int | None]] = {}
    for row in rows:
        category = counts.setdefault(row.category, [None] * days)
        category[(row.date - first).days] = row.downloads
    return _compressed({"first": first.isoformat(), "counts": counts})


def unpack(packed: bytes) -> list[DailyDownloads]:
    """The rows, by category in the order that they had, then by date.

    Raises:
        UnreadableRows: they can't be made out.
    """
    try:
        content = json.loads(zlib.decompress(packed))
        first = dt.date.fromisoformat(content["first"])
        return [
            DailyDownloads(category=category, date=first + number * _DAY, downloads=downloads)
            for category, counts in content["counts"].items()
            for number, downloads in enumerate(counts)
            if downloads is not None
        ]
    except (zlib.error, ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise UnreadableRows from error


def _compressed(content: object) -> bytes:
    return zlib.compress(json.dumps(content, separators=(",", ":")).encode(), _LEVEL)
