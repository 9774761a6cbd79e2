"""Rows take few bytes in the table, and come out as they went in."""

import datetime as dt
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulse.models import DailyDownloads
from pulse_io.packing import UnreadableRows, pack, unpack

days = st.dates(dt.date(2026, 5, 25), dt.date(2026, 11, 21))
categories = st.text(min_size=1, max_size=12)
counts = st.integers(min_value=0, max_value=10**12)


@given(st.dictionaries(st.tuples(categories, days), counts, max_size=400))
def test_rows_come_out_as_they_went_in(downloads: dict[tuple[str, dt.date], int]) -> None:
    rows = [
        DailyDownloads(category=category, date=date, downloads=downloads[category, date])
        for category, date in sorted(downloads)
    ]
    assert unpack(pack(rows)) == rows


def test_categories_keep_the_order_that_upstream_gave_them() -> None:
    rows = [
        DailyDownloads(category=category, date=dt.date(2026, 11, 21), downloads=1)
        for category in ("Darwin", "Linux", "null", "other", "Windows")
    ]
    assert [row.category for row in unpack(pack(rows))] == [row.category for row in rows]


UNREADABLE = {
    "nothing": b"",
    "not compressed": b"rows",
    "not JSON": zlib.compress(b"rows"),
    "no object": zlib.compress(b"[]"),
    "no counts": zlib.compress(b'{"first":"2026-11-21"}'),
    "no date": zlib.compress(b'{"first":"yesterday","counts":{}}'),
    "a negative count": zlib.compress(b'{"first":"2026-11-21","counts":{"3":[-1]}}'),
    "no list of counts": zlib.compress(b'{"first":"2026-11-21","counts":{"3":7}}'),
    "no categories": zlib.compress(b'{"first":"2026-11-21","counts":[]}'),
    "a day after all days": zlib.compress(b'{"first":"9999-12-31","counts":{"3":[1,2]}}'),
}


@pytest.mark.parametrize("packed", UNREADABLE.values(), ids=UNREADABLE)
def test_bytes_that_are_no_rows_are_said_to_be_none(packed: bytes) -> None:
    with pytest.raises(UnreadableRows):
        unpack(packed)
