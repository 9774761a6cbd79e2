"""The packed form of counts in the table."""

import datetime as dt
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulse_io.store.packing import UnreadableCounts, pack, unpack

FIRST = dt.date(2026, 5, 25)
counts = st.one_of(st.none(), st.integers(min_value=0, max_value=2**63 - 1))


@st.composite
def categories(draw: st.DrawFn) -> dict[str, list[int | None]]:
    length = draw(st.integers(0, 40))
    days = st.lists(counts, min_size=length, max_size=length)
    return draw(st.dictionaries(st.text(min_size=1, max_size=12), days, max_size=8))


@given(categories())
def test_pack_round_trip(by_category: dict[str, list[int | None]]) -> None:
    assert unpack(pack(FIRST, by_category)) == (FIRST, by_category)


def test_categories_keep_their_order() -> None:
    names = ["Darwin", "Linux", "null", "other", "Windows"]
    _, unpacked = unpack(pack(FIRST, {name: [1] for name in names}))
    assert list(unpacked) == names


UNREADABLE = {
    "nothing": b"",
    "not compressed": b"counts",
    "not JSON": zlib.compress(b"counts"),
    "no object": zlib.compress(b"[]"),
    "no counts": zlib.compress(b'{"first":"2026-11-21"}'),
    "no date": zlib.compress(b'{"first":"yesterday","counts":{}}'),
    "a negative count": zlib.compress(b'{"first":"2026-11-21","counts":{"3":[-1]}}'),
    "a count that is text": zlib.compress(b'{"first":"2026-11-21","counts":{"3":["1"]}}'),
    "no list of counts": zlib.compress(b'{"first":"2026-11-21","counts":{"3":7}}'),
    "a text of counts": zlib.compress(b'{"first":"2026-11-21","counts":{"3":"7"}}'),
    "no categories": zlib.compress(b'{"first":"2026-11-21","counts":[]}'),
    "lists of two lengths": zlib.compress(b'{"first":"2026-11-21","counts":{"2":[1],"3":[1,2]}}'),
    "a day after all days": zlib.compress(b'{"first":"9999-12-31","counts":{"3":[1,2]}}'),
}


@pytest.mark.parametrize("packed", UNREADABLE.values(), ids=UNREADABLE)
def test_invalid_bytes_are_refused(packed: bytes) -> None:
    with pytest.raises(UnreadableCounts):
        unpack(packed)
