"""Bodies are read up to a size limit and decompressed at most once."""

import gzip
import tracemalloc
import zlib

import pytest

from pulse.body import BodyReader
from pulse.problems import UpstreamBroken

LIMIT = 1_000


def read(body: bytes, coding: str | None = None, limit: int = LIMIT, step: int = 7) -> bytes:
    reader = BodyReader({} if coding is None else {"Content-Encoding": coding}, limit)
    for start in range(0, len(body), step):
        reader.feed(body[start : start + step])
    return reader.finish()


@pytest.mark.parametrize("coding", [None, "", "identity", "Identity, identity"])
def test_uncompressed_body(coding: str | None) -> None:
    assert read(b"\x1f\x8b" + b"x" * 998, coding) == b"\x1f\x8b" + b"x" * 998


@pytest.mark.parametrize("step", [1, 10_000])
@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "GZIP", " gzip , identity"])
def test_gzip_body(coding: str, step: int) -> None:
    assert read(gzip.compress(b"x" * LIMIT), coding, step=step) == b"x" * LIMIT


def test_deflate_body() -> None:
    assert read(zlib.compress(b"hello"), "deflate") == b"hello"


def test_empty_body_with_any_encoding() -> None:
    assert read(b"", "gzip") == b""


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, gzip", "deflate,gzip", "gzip, br", "ÿ"])
def test_other_encodings_are_refused(coding: str) -> None:
    with pytest.raises(UpstreamBroken, match="content encoding was not requested"):
        read(gzip.compress(b"x"), coding)


@pytest.mark.parametrize(
    "body",
    [b"plain", gzip.compress(b"x" * 99)[:-1], gzip.compress(b"x") + b"y", gzip.compress(b"") * 2],
    ids=["not compressed", "cut off", "more behind it", "two in a row"],
)
def test_wrongly_declared_gzip_is_refused(body: bytes) -> None:
    with pytest.raises(UpstreamBroken, match="its compression is invalid"):
        read(body, "gzip")


@pytest.mark.parametrize("step", [7, 10_000])
def test_too_large_body_is_refused(step: int) -> None:
    for body, coding in (
        (b"x" * (LIMIT + 1), None),
        (gzip.compress(b"x" * (LIMIT + 1)), "gzip"),
        (
            gzip.compress(b"", 0)[:10] + b"\x00\x00\x00\xff\xff" * LIMIT,
            "gzip",
        ),  # an endless gzip of no content
    ):
        with pytest.raises(UpstreamBroken, match="far too large"):
            read(body, coding, step=step)


def test_zip_bomb_stays_within_limit() -> None:
    limit, bomb = 100_000, gzip.compress(b" " * 50_000_000)
    tracemalloc.start()
    with pytest.raises(UpstreamBroken, match="far too large"):
        read(bomb, "gzip", limit, step=len(bomb))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5 * limit
