"""Connections, the record of requests as this process sees it, and stopping."""

from __future__ import annotations

import threading
import time
from contextlib import closing
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.unit.tools.fake_pypistats.raw_client import raw
from tests.unit.tools.fake_pypistats.waiting import until
from tools.fake_pypistats import FakePypistats

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from datetime import datetime

RECENT = "/api/packages/requests/recent"


def everything(connection: socket.socket) -> bytes:
    return b"".join(iter(lambda: connection.recv(65_536), b""))


def test_requests_are_recorded_in_order_with_query_and_headers(
    client: httpx.Client, upstream: FakePypistats
) -> None:
    client.get(f"{RECENT}?period=day", headers={"User-Agent": "PyPI-Pulse/1.0"})
    client.head("/nowhere")

    first, second = upstream.requests
    assert (first.method, first.path) == ("GET", f"{RECENT}?period=day")
    assert first.headers["user-agent"] == "PyPI-Pulse/1.0"
    assert (second.method, second.path) == ("HEAD", "/nowhere")


def test_a_connection_kept_alive_counts_once(client: httpx.Client, upstream: FakePypistats) -> None:
    for _ in range(5):
        client.get(RECENT)
    client.get("/nowhere")

    assert upstream.connections == 1
    assert len(upstream.requests) == 6


def test_each_new_connection_counts(
    upstream: FakePypistats, connect: Callable[..., httpx.Client]
) -> None:
    for _ in range(3):
        with connect() as client:
            client.get(upstream.url + RECENT)

    assert upstream.connections == 3


def test_a_connection_without_a_request_does_not_count(
    upstream: FakePypistats, connect: Callable[..., httpx.Client]
) -> None:
    with closing(raw(upstream, "")), connect() as client:
        client.get(upstream.url + RECENT)

    assert upstream.connections == 1


def test_two_requests_sent_together_are_both_answered(upstream: FakePypistats) -> None:
    asked = f"GET {RECENT} HTTP/1.1\nHost: a\n\nGET {RECENT} HTTP/1.1\nHost: a\n"
    with closing(raw(upstream, f"{asked}Connection: close\n\n")) as connection:
        answer = everything(connection)

    assert answer.count(b"HTTP/1.1 200 OK") == 2
    assert upstream.connections == 1


def test_head_and_body_travel_in_one_write(upstream: FakePypistats) -> None:
    with closing(raw(upstream, f"GET {RECENT} HTTP/1.1\nHost: a\n\n")) as connection:
        answer = connection.recv(65_536)

    assert answer.endswith(b'"type":"recent_downloads"}\n')


def test_a_request_with_a_body_ends_its_connection(upstream: FakePypistats) -> None:
    asked = f"GET {RECENT} HTTP/1.1\nHost: a\nContent-Length: 3\n\nabcGET / HTTP/1.1\n\n"
    with closing(raw(upstream, asked)) as connection:
        answer = connection.recv(65_536)

    assert b"Connection: close" in answer
    assert len(upstream.requests) == 1


@pytest.mark.parametrize("line", ["nonsense", "GET / HTTP/9.9", "G" * 70_000])
def test_nonsense_is_survived_quietly(
    client: httpx.Client, upstream: FakePypistats, capfd: pytest.CaptureFixture[str], line: str
) -> None:
    with closing(raw(upstream, f"{line}\n\n")):
        assert client.get(RECENT).status_code == 200

    assert upstream.requests[0].path == RECENT
    assert capfd.readouterr() == ("", "")


def test_a_client_that_leaves_while_being_answered_is_no_event(
    now: datetime, capfd: pytest.CaptureFixture[str], connect: Callable[..., httpx.Client]
) -> None:
    with (
        FakePypistats(now=now, faults=["drip"]) as upstream,
        connect() as client,
        client.stream("GET", upstream.url + RECENT),
    ):
        pass

    assert capfd.readouterr() == ("", "")


def test_reset_forgets_requests_and_connections(
    client: httpx.Client, upstream: FakePypistats
) -> None:
    client.get(RECENT)

    upstream.reset()

    assert (upstream.requests, upstream.connections) == ([], 0)


def test_many_clients_at_once_are_all_answered_and_recorded(
    upstream: FakePypistats, connect: Callable[..., httpx.Client]
) -> None:
    def ask() -> None:
        with connect() as client:
            for _ in range(5):
                client.get(upstream.url + RECENT).raise_for_status()

    threads = [threading.Thread(target=ask) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert upstream.connections == 20
    assert len(upstream.requests) == 100


@pytest.mark.parametrize(
    "options", [{"faults": ["hang"]}, {"faults": ["drip"]}, {"latency_ms": 1e6}]
)
def test_it_stops_at_once_whatever_its_clients_wait_for(
    now: datetime, options: dict[str, list[str] | float]
) -> None:
    with FakePypistats(now=now, limits=False, **options) as upstream:  # type: ignore[arg-type] # one of each
        waiting = [raw(upstream, f"GET {RECENT} HTTP/1.1\nHost: a\n\n") for _ in range(5)]
        until(lambda: len(upstream.requests) == 5)
        began = time.monotonic()

    assert time.monotonic() - began < 1
    for connection in waiting:
        with closing(connection):
            assert b"}" not in everything(connection)


def test_it_leaves_no_thread_behind(now: datetime) -> None:
    before = threading.active_count()
    with (
        FakePypistats(now=now, faults=["hang"]) as upstream,
        closing(raw(upstream, f"GET {RECENT} HTTP/1.1\nHost: a\n\n")),
    ):
        until(lambda: len(upstream.requests) == 1)

    until(lambda: threading.active_count() == before)


def test_its_port_is_free_again_afterwards(now: datetime) -> None:
    with FakePypistats(now=now) as first:
        port = httpx.URL(first.url).port
    assert port is not None

    with FakePypistats(now=now, port=port) as second:
        assert second.url == f"http://127.0.0.1:{port}"


def test_it_can_be_asked_only_while_it_runs(now: datetime) -> None:
    with pytest.raises(RuntimeError, match="not running"):
        _ = FakePypistats(now=now).url


def test_a_moment_needs_a_time_zone(now: datetime) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        FakePypistats(now=now.replace(tzinfo=None))
