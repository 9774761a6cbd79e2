"""ClickHouse floods, drips, or refuses: answers that need it fail in time and in little memory."""

import gzip
import json
import time
import tracemalloc

import pytest

from pulse.clickhouse.answer import META
from tests.contract.test_hostile_upstream import BROKEN, FLOODS
from tests.contract.test_network import EVERY_PROXY
from tests.contract.variants import NOW, Answer, asking, handler_of
from tests.raw_upstream import DRIPS_FOR_S, RawUpstream, Send, answer, dripping, raw_upstream

DAY = NOW.toordinal() - 719_163 - 1
"""Yesterday, as days since 1970."""

ROWS = [
    ["", "steady", "", [DAY], [1000]],
    ["requests", "first", "", [15_000], [0]],
    ["requests", "named", "2.0", [DAY], [7]],
]
BODY = json.dumps({"meta": META, "data": ROWS, "rows": len(ROWS)}).encode()


def asked_of(clickhouse: RawUpstream, **settings: str) -> Answer:
    with handler_of("fastapi", CLICKHOUSE_URL=clickhouse.url, CACHE="off", **settings) as handler:
        return asking(handler)("/packages/requests/downloads", "by=version")


def asked(send: Send, **settings: str) -> Answer:
    with raw_upstream(send) as clickhouse:
        return asked_of(clickhouse, **settings)


def test_good_answer() -> None:
    """The one that the hostile ones are made of. ClickHouse on loopback is asked without a proxy."""
    reply = asked(answer(gzip.compress(BODY), "Content-Encoding: gzip"), **EVERY_PROXY)
    assert (reply.status, reply.json["series"][0]["total"]) == (200, 7)


@pytest.mark.parametrize("flood", FLOODS)
def test_flood_is_502_in_little_memory(flood: str) -> None:
    tracemalloc.start()
    reply = asked(FLOODS[flood])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (reply.status, reply.json["type"]) == (502, BROKEN)
    assert "ClickHouse" in reply.json["detail"]
    assert peak < 80_000_000


def test_second_encoding_is_502() -> None:
    twice = gzip.compress(gzip.compress(BODY))
    reply = asked(answer(twice, "Content-Encoding: gzip, gzip"))
    assert (reply.status, reply.json["type"]) == (502, BROKEN)
    assert "its content encoding was not requested" in reply.json["detail"]


def test_dripping_response_ends_at_deadline() -> None:
    began = time.monotonic()
    reply = asked(dripping(b"HTTP/1.1 200 OK\r\nX: y"), DEADLINE_S="0.5")
    assert reply.status == 504
    assert time.monotonic() - began < DRIPS_FOR_S / 2


def test_cookies_are_never_sent_back() -> None:
    with raw_upstream(answer(BODY, "Set-Cookie: session=1; Path=/")) as clickhouse:
        settings = {"CLICKHOUSE_URL": clickhouse.url, "CLICKHOUSE_PER_HOUR": "0", "CACHE": "off"}
        with handler_of("fastapi", **settings) as handler:
            for _ in range(2):
                assert asking(handler)("/packages/requests/downloads", "by=version").status == 200
    assert len(clickhouse.requests) == 2
    assert "cookie" not in "".join(clickhouse.requests).lower()


@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable"])
def test_retry_after_is_kept(status: str) -> None:
    reply = asked(answer(b"busy", "Retry-After: 77", status=status))
    assert (reply.status, reply.headers["retry-after"]) == (503, "77")


def test_redirect_is_told_with_its_target() -> None:
    reply = asked(answer(b"", "Location: https://elsewhere.example/", status="301 Moved"))
    assert reply.status == 502
    assert "a redirect to 'https://elsewhere.example/'" in reply.json["detail"]
