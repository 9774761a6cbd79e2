"""A worker that stalls: requests queue up, and are counted together when it wakes up."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.unit.tools.fake_pypistats.raw_client import raw
from tests.unit.tools.fake_pypistats.waiting import until
from tools.fake_pypistats import FakePypistats
from tools.fake_pypistats.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    import httpx

RECENT = "/api/packages/requests/recent"


def test_requests_that_queued_up_are_counted_together(
    now: datetime, connect: Callable[..., httpx.Client]
) -> None:
    with FakePypistats(now=now) as upstream, connect(upstream.url) as client:
        upstream.stall(0.5)
        with ThreadPoolExecutor(7) as pool:
            answers = list(pool.map(client.get, [RECENT] * 7))
        arrivals = [request.arrived_s for request in upstream.requests]
        counts = [request.processed_s for request in upstream.requests]
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [429] * 2
    assert min(counts) > max(arrivals)


def test_a_request_whose_client_has_left_is_counted(
    now: datetime, connect: Callable[..., httpx.Client]
) -> None:
    with FakePypistats(now=now) as upstream, connect(upstream.url) as client:
        upstream.stall(0.3)
        for _ in range(5):
            raw(upstream, f"GET {RECENT} HTTP/1.1\nHost: a\n\n").close()
        until(lambda: len(upstream.requests) == 5)
        assert client.get(RECENT).status_code == 429


def test_a_stalled_stand_in_stops_at_once(now: datetime) -> None:
    with FakePypistats(now=now) as upstream:
        upstream.stall(60)
        connection = raw(upstream, f"GET {RECENT} HTTP/1.1\nHost: a\n\n")
    connection.close()


def test_reset_ends_a_stall(now: datetime, connect: Callable[..., httpx.Client]) -> None:
    with FakePypistats(now=now, limits=False) as upstream, connect(upstream.url) as client:
        upstream.stall(60)
        upstream.reset()
        assert client.get(RECENT).status_code == 200


def test_a_shorter_stall_ends_no_longer_one() -> None:
    worker = Worker(lambda: 1000.0)
    assert worker.stalls_for_s == 0
    worker.stall(3)
    worker.stall(1)
    assert worker.stalls_for_s == pytest.approx(3)
    worker.wake()
    assert worker.stalls_for_s == 0
