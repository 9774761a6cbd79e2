"""Packs daily counts into few bytes: DynamoDB bills by the kilobyte."""

import datetime as dt
import json
import zlib
from collections.abc import Mapping
from typing import Final

from pulse.daily_counts import Counts

_LEVEL: Final = 9


class UnreadableCounts(ValueError):
    """The bytes are not packed counts, or have another version's format."""


def pack(first: dt.date, counts: Mapping[str, Counts]) -> bytes:
    """The first day and the counts by category, as compressed JSON."""
    content = {"first": first.isoformat(), "counts": counts}
    return zlib.compress(json.dumps(content, separators=(",", ":")).encode(), _LEVEL)


def unpack(packed: bytes) -> tuple[dt.date, dict[str, list[int | None]]]:
    """The first day, and the counts by category in their original order.

    Raises:
        UnreadableCounts: the bytes can't be unpacked.
    """
    try:
        content = json.loads(zlib.decompress(packed))
        first, counts = dt.date.fromisoformat(content["first"]), dict(content["counts"].items())
        _check(first, counts)
    except (zlib.error, ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise UnreadableCounts from error
    return first, counts


def _check(first: dt.date, counts: Mapping[str, Counts]) -> None:
    lengths = {len(days) for days in counts.values()}
    if len(lengths) > 1 or not all(isinstance(days, list) for days in counts.values()):
        raise ValueError("not lists of one length")
    if any(count is not None and count < 0 for days in counts.values() for count in days):
        raise ValueError("a negative count")
    first + dt.timedelta(days=max(lengths, default=0))  # raises OverflowError past year 9999
