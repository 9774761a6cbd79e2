"""JSON of other servers is read strictly, and in little memory."""

import tracemalloc

import pytest

from pulse import strict_json


def test_json() -> None:
    assert strict_json.loads(b'{"a": [1, 2.5, null, "\xc3\xa9"]}') == {"a": [1, 2.5, None, "é"]}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "Expecting value"),
        (b"{} x", "Extra data"),
        (b'{"a":1,"a":1}', "a key twice"),
        (b"NaN", "not a number"),
        (b"-Infinity", "not a number"),
        (b"\xff", "can't decode byte"),
        (b"\xef\xbb\xbf{}", "Unexpected UTF-8 BOM|Expecting value"),
        (b"9" * 5_000, "integer string conversion"),
    ],
    ids=lambda value: repr(value[:20]),
)
def test_anything_else_is_refused(body: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        strict_json.loads(body)


@pytest.mark.parametrize("item", [b"[]", b"{}"])
def test_lists_take_little_memory(item: bytes) -> None:
    """Each takes 64 bytes or more."""
    body = b"[" + b",".join([item] * 500_000) + b"]"
    tracemalloc.start()
    with pytest.raises(ValueError, match="far too many lists"):
        strict_json.loads(body)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000
