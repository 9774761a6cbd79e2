"""Upstream floods, drips, or sends unrequested content: both variants still answer in time."""

import gc
import gzip
import socket
import time
import tracemalloc

import pytest

from tests.contract.variants import Answer, asking, handler_of
from tests.counts import day
from tests.raw_upstream import (
    DRIPS_FOR_S,
    Send,
    answer,
    bomb,
    dripping,
    endless,
    just,
    raw_upstream,
    rows_body,
)
from tools.fake_pypistats import FakePypistats

ROW = {"category": "with_mirrors", "date": "2026-11-21", "downloads": 7}
HEAD = "HTTP/1.1 200 OK\r\nConnection: close\r\n"
BROKEN = "urn:pypi-pulse:problem:upstream-broken"


def asked(variant: str, send: Send, path: str = "/packages/requests", query: str = "") -> Answer:
    with raw_upstream(send) as upstream, handler_of(variant, PYPISTATS_URL=upstream.url) as handler:
        return asking(handler)(path, query)


FLOODS = {
    "bomb": answer(bomb(100_000_000), "Content-Encoding: gzip"),
    "endless": endless(f"{HEAD}\r\n", b" " * 65_536),
    "endless in chunks": endless(
        f"{HEAD}Transfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + b" " * 65_536 + b"\r\n"
    ),
    "endless redirect": endless("HTTP/1.1 301 Moved\r\nLocation: /\r\n\r\n", b" " * 65_536),
    "redirect to a bomb": answer(
        bomb(100_000_000), "Content-Encoding: gzip", "Location: /", status="301 Moved"
    ),
    "endless 404": endless("HTTP/1.1 404 Not Found\r\n\r\n", b" " * 65_536),
    "endless line in the head": endless(f"{HEAD}X: ", b"x" * 65_536),
    "endless head": endless(HEAD, b"X: y\r\n" * 1_000),
}


@pytest.mark.parametrize("flood", FLOODS)
def test_flood_is_502_in_little_memory(variant: str, flood: str) -> None:
    tracemalloc.start()
    reply = asked(variant, FLOODS[flood])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (reply.status, reply.json["type"]) == (502, BROKEN)
    assert peak < 20_000_000


@pytest.mark.parametrize("rows", [[""] * 1_000_000, [{**ROW, "category": "3" * 3_000_000}]])
def test_refused_rows_leave_no_garbage(variant: str, rows: object) -> None:
    """Memory is freed without a run of the garbage collector."""
    send = answer(rows_body(rows, by="python_minor"))
    with (
        raw_upstream(send) as upstream,
        handler_of(variant, PYPISTATS_URL=upstream.url, CACHE="off") as handler,
    ):

        def ask() -> None:
            reply = asking(handler)("/packages/requests/downloads", "by=python_minor")
            assert (reply.status, reply.json["type"]) == (502, BROKEN)

        ask()  # warm up caches
        gc.collect()
        gc.disable()
        tracemalloc.start()
        for _ in range(3):
            ask()
        left, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        gc.enable()
    assert len(upstream.requests) == 4
    assert left < 5_000_000  # FastAPI's idle thread holds the last body


@pytest.mark.parametrize(
    "headers",
    [
        ["Content-Encoding: gzip, gzip"],
        ["Content-Encoding: gzip", "Content-Encoding: gzip"],
        ["Content-Encoding: br"],
        ["Content-Encoding: \xff"],
    ],
)
def test_unrequested_encoding_is_502(variant: str, headers: list[str]) -> None:
    reply = asked(variant, answer(gzip.compress(gzip.compress(rows_body([ROW]))), *headers))
    assert (reply.status, reply.json["type"]) == (502, BROKEN)


@pytest.mark.parametrize(
    ("status", "expected"), [("404 Not Found", 404), ("429 Too Many Requests", 503)]
)
def test_status_counts_despite_bad_encoding(variant: str, status: str, expected: int) -> None:
    assert asked(variant, answer(b"?", "Content-Encoding: br", status=status)).status == expected


@pytest.mark.parametrize(
    "head",
    [
        "Content-Length: 5, 6",
        "Content-Length: -5",
        "Content-Length: " + "9" * 5_000,
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: chunked",
        "no colon",
        "Retry-After: \xff",
        "Location: http://[::1/\x80:99999",
    ],
    ids=lambda head: head[:40],
)
@pytest.mark.parametrize("status", ["200 OK", "301 Moved", "503 Unavailable"])
def test_malformed_head_is_502(variant: str, status: str, head: str) -> None:
    raw = f"HTTP/1.1 {status}\r\nConnection: close\r\n{head}\r\n\r\nhello".encode("latin-1")
    reply = asked(variant, just(raw))
    assert (reply.status, reply.json["type"]) == (502, BROKEN)


@pytest.mark.parametrize(
    "row",
    [
        {**ROW, "downloads": 10**310},
        {**ROW, "downloads": True},
        {**ROW, "date": 20261121},
        {**ROW, "category": "3" * 5_000},
    ],
    ids=lambda row: str(row)[:80],
)
@pytest.mark.parametrize("path", ["/packages/requests", "/packages/requests/downloads"])
def test_impossible_row_is_502(variant: str, path: str, row: dict[str, object]) -> None:
    reply = asked(variant, answer(rows_body([ROW, row])), path)
    assert (reply.status, reply.json["type"]) == (502, BROKEN)


MANY_VERSIONS = [
    {"category": f"3.{version}", "date": day(ago).isoformat(), "downloads": 7}
    for version in range(120)
    for ago in range(181)
]
"""21,720 points by day: few enough to be accepted, but more than one response may have."""


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 422),
        ("&format=csv", 422),
        ("&period=week", 200),
    ],
)
def test_too_many_points(variant: str, query: str, status: int) -> None:
    send = answer(rows_body(MANY_VERSIONS, by="python_minor"))
    reply = asked(variant, send, "/packages/requests/downloads", f"by=python_minor{query}")
    assert reply.status == status
    if status == 422:
        (error,) = reply.json["errors"]
        assert (error["location"], error["parameter"]) == ("query", "period")
        assert "Ask for 'week' or 'month'" in error["detail"]


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\nX: y", HEAD.encode() + b"\r\n "])
def test_dripping_response_ends_at_deadline(variant: str, head: bytes) -> None:
    """Each byte comes in time, so only a limit on the whole call ends it."""
    with (
        raw_upstream(dripping(head)) as upstream,
        handler_of(
            variant, PYPISTATS_URL=upstream.url, UPSTREAM_TIMEOUT_S="5", DEADLINE_S="0.5"
        ) as handler,
    ):
        began = time.monotonic()
        reply = asking(handler)("/packages/requests")
        took_s = time.monotonic() - began
    assert (reply.status, reply.json["type"]) == (504, "urn:pypi-pulse:problem:upstream-too-slow")
    assert took_s < DRIPS_FOR_S / 2


def test_cookies_are_never_sent_back(variant: str) -> None:
    body = rows_body([ROW, {**ROW, "category": "without_mirrors"}])
    cookies = ("Set-Cookie: session=1; Path=/", "Set-Cookie: other=2; Max-Age=99999")
    with (
        raw_upstream(answer(body, *cookies)) as upstream,
        handler_of(variant, PYPISTATS_URL=upstream.url, CACHE="off") as handler,
    ):
        for _ in range(2):
            assert asking(handler)("/packages/requests").status == 200
    assert len(upstream.requests) == 2
    assert "cookie" not in "".join(upstream.requests).lower()


def test_only_gzip_is_accepted(variant: str, fake_pypistats: FakePypistats) -> None:
    with handler_of(variant, PYPISTATS_URL=fake_pypistats.url) as handler:
        asking(handler)("/packages/requests")
    assert [request.headers["accept-encoding"] for request in fake_pypistats.requests] == ["gzip"]


@pytest.mark.parametrize("spaces", ["", "  "])
def test_upstreams_503_keeps_its_retry_after(variant: str, spaces: str) -> None:
    retry_after = f"Retry-After: {spaces}77{spaces}"
    busy = answer(b"<h1>busy</h1>", retry_after, status="503 Service Unavailable")
    reply = asked(variant, busy)
    assert (reply.status, reply.headers["retry-after"]) == (503, "77")
    assert reply.json["type"] == "urn:pypi-pulse:problem:upstream-throttled"
    assert reply.json["retry_after"] == 77
    of_nothing = asked(variant, busy, "/compare", "packages=requests")
    assert (of_nothing.status, of_nothing.headers["retry-after"]) == (503, "77")


def test_comparison_keeps_retry_after_of_each_entry(variant: str) -> None:
    busy = answer(b"", "Retry-After: 77", status="503 Service Unavailable")
    good = answer(rows_body([ROW], package="flask"))

    def send(connection: socket.socket, request: str) -> None:
        (good if "/flask/" in request else busy)(connection, request)

    reply = asked(variant, send, "/compare", "packages=requests,flask")
    entries = {entry["status"]: entry for entry in reply.json["packages"]}
    assert (reply.status, reply.headers["retry-after"]) == (200, "77")
    assert entries["throttled"]["problem"]["retry_after"] == 77
