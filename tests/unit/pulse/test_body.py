"""Bodies are read up to a limit, and at most one compression is undone."""

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
def test_what_is_not_compressed_is_read_as_it_is(coding: str | None) -> None:
    assert read(b"\x1f\x8b" + b"x" * 998, coding) == b"\x1f\x8b" + b"x" * 998


@pytest.mark.parametrize("step", [1, 10_000])
@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "GZIP", " gzip , identity"])
def test_gzip_is_undone(coding: str, step: int) -> None:
    assert read(gzip.compress(b"x" * LIMIT), coding, step=step) == b"x" * LIMIT


def test_deflate_is_undone() -> None:
    assert read(zlib.compress(b"hello"), "deflate") == b"hello"


def test_no_body_needs_no_compression() -> None:
    assert read(b"", "gzip") == b""


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, gzip", "deflate,gzip", "gzip, br", "ÿ"])
def test_any_other_coding_or_more_than_one_is_refused(coding: str) -> None:
    with pytest.raises(UpstreamBroken, match="content encoding was not requested"):
        read(gzip.compress(b"x"), coding)


@pytest.mark.parametrize(
    "body",
    [b"plain", gzip.compress(b"x" * 99)[:-1], gzip.compress(b"x") + b"y", gzip.compress(b"") * 2],
)
def test_what_is_not_compressed_as_it_says_is_refused(body: bytes) -> None:
    with pytest.raises(UpstreamBroken, match="its compression is invalid"):
        read(body, "gzip")


@pytest.mark.parametrize("step", [7, 10_000])
def test_what_is_larger_than_the_limit_is_refused(step: int) -> None:
    for body, coding in (
        (b"x" * (LIMIT + 1), None),
        (gzip.compress(b"x" * (LIMIT + 1)), "gzip"),
        (gzip.compress(b"", 0)[:10] + b"\x00\x00\x00\xff\xff" * LIMIT, "gzip"),  # of nothing at all
    ):
        with pytest.raises(UpstreamBroken, match="far too large"):
            read(body, coding, step=step)


def test_a_bomb_takes_no_more_memory_than_the_limit() -> None:
    limit, bomb = 100_000, gzip.compress(b" " * 50_000_000)
    tracemalloc.start()
    with pytest.raises(UpstreamBroken, match="far too large"):
        read(bomb, "gzip", limit, step=len(bomb))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5 * limit
