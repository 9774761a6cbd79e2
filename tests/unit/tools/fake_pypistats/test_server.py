"""Connections, what arrives of an answer, the request log, stalls, and stopping."""

import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import httpx
import pytest

from tests.unit.tools.fake_pypistats.conftest import NOW, Connect
from tools.fake_pypistats import FakePypistats

RECENT = "/api/packages/requests/recent"
OVERALL = "/api/packages/requests/overall"
GET = f"GET {RECENT} HTTP/1.1\nHost: a\n\n"
SOON = httpx.Timeout(5, read=0.1)


def raw(upstream: FakePypistats, text: str) -> socket.socket:
    """A connection on which exactly this was sent."""
    connection = socket.create_connection(("127.0.0.1", httpx.URL(upstream.url).port or 0), 5)
    connection.sendall(text.replace("\n", "\r\n").encode())
    return connection


def everything(connection: socket.socket) -> bytes:
    return b"".join(iter(lambda: connection.recv(65_536), b""))


def until(happened: Callable[[], bool]) -> None:
    """Wait for the server's threads."""
    deadline = time.monotonic() + 5
    while not happened():
        assert time.monotonic() < deadline


def test_answer_has_no_more_headers_than_upstreams(client: httpx.Client) -> None:
    response = client.get(RECENT, headers={"Origin": "https://a.example"})
    own = {"date", "connection", "content-type", "content-length"}
    assert response.headers.keys() == own | {"x-pulse-source"}


def test_head_has_no_body(client: httpx.Client) -> None:
    head = client.head(OVERALL)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(client.get(OVERALL).content))


def test_requests_are_logged_in_order(client: httpx.Client, upstream: FakePypistats) -> None:
    client.get(f"{RECENT}?period=day", headers={"User-Agent": "PyPI-Pulse/1.0"})
    client.head("/nowhere")
    first, second = upstream.requests
    assert (first.method, first.path, first.status) == ("GET", f"{RECENT}?period=day", 200)
    assert first.headers["user-agent"] == "PyPI-Pulse/1.0"
    assert first.arrived_s <= first.processed_s
    assert (second.method, second.path, second.status) == ("HEAD", "/nowhere", 404)


def test_connections_count_with_their_first_request(
    client: httpx.Client, upstream: FakePypistats, connect: Connect
) -> None:
    for _ in range(5):
        client.get(RECENT)
    with connect(upstream.url) as other, closing(raw(upstream, "")):
        other.get(RECENT)
    assert (upstream.connections, len(upstream.requests)) == (2, 6)
    upstream.reset()
    client.get(RECENT)
    assert (upstream.connections, len(upstream.requests)) == (0, 1)


def test_pipelined_requests_are_both_answered(upstream: FakePypistats) -> None:
    with closing(raw(upstream, GET + GET.replace("Host", "Connection: close\nHost"))) as connection:
        answer = everything(connection)
    assert answer.count(b"HTTP/1.1 200 OK") == 2
    assert upstream.connections == 1


def test_head_and_body_travel_in_one_write(upstream: FakePypistats) -> None:
    with closing(raw(upstream, GET)) as connection:
        assert connection.recv(65_536).endswith(b'"type":"recent_downloads"}\n')


def test_request_with_a_body_ends_its_connection(upstream: FakePypistats) -> None:
    asked = f"GET {RECENT} HTTP/1.1\nHost: a\nContent-Length: 3\n\nabcGET / HTTP/1.1\n\n"
    with closing(raw(upstream, asked)) as connection:
        assert b"Connection: close" in everything(connection)
    assert len(upstream.requests) == 1


@pytest.mark.parametrize("line", ["nonsense", "GET / HTTP/9.9", "G" * 70_000])
def test_nonsense_is_survived_quietly(
    client: httpx.Client, upstream: FakePypistats, capfd: pytest.CaptureFixture[str], line: str
) -> None:
    with closing(raw(upstream, f"{line}\n\n")):
        assert client.get(RECENT).status_code == 200
    assert upstream.requests[0].path == RECENT
    assert capfd.readouterr() == ("", "")


def test_hang_never_answers(client: httpx.Client, upstream: FakePypistats) -> None:
    upstream.set_rules("hang")
    with pytest.raises(httpx.ReadTimeout):
        client.get(OVERALL, timeout=SOON)
    assert upstream.requests[0].status == 200


def test_drip_starts_at_once_and_takes_its_time(
    client: httpx.Client, upstream: FakePypistats, capfd: pytest.CaptureFixture[str]
) -> None:
    upstream.set_rules("drip")
    with client.stream("GET", OVERALL, timeout=SOON) as response:
        assert response.headers["x-pulse-source"] == "simulated"
        with pytest.raises(httpx.ReadTimeout):
            response.read()
    assert upstream.requests[0].duration_ms is None
    assert capfd.readouterr() == ("", "")


def test_drip_sends_the_right_bytes(
    client: httpx.Client, upstream: FakePypistats, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = client.get(RECENT).content
    monkeypatch.setattr("tools.fake_pypistats.server.DRIP_PAUSE_S", 0)
    upstream.set_rules("drip")
    assert client.get(RECENT).content == right


def test_truncated_breaks_off_within_the_body(
    client: httpx.Client, upstream: FakePypistats
) -> None:
    upstream.set_rules("truncated")
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message body"):
        client.get(OVERALL)


def test_dropped_resets_the_connection_once(client: httpx.Client, upstream: FakePypistats) -> None:
    upstream.set_rules("dropped:overall:requests:1")
    with pytest.raises(httpx.ReadError) as caught:
        client.get(OVERALL)
    errors = [caught.value, caught.value.__cause__, caught.value.__context__]
    assert "reset by peer" in "".join(map(str, errors))
    until(lambda: upstream.requests[0].duration_ms is not None)
    assert client.get(OVERALL).status_code == 200
    assert upstream.connections == 2


@pytest.mark.parametrize("effect", ["drip", "truncated"])
def test_head_has_no_body_to_break(
    client: httpx.Client, upstream: FakePypistats, effect: str
) -> None:
    upstream.set_rules(effect)
    response = client.head(OVERALL)
    assert (response.status_code, response.content) == (200, b"")


def test_delay_holds_an_answer_back(client: httpx.Client, upstream: FakePypistats) -> None:
    upstream.set_rules("delay=30")
    client.get(RECENT)
    until(lambda: upstream.requests[0].duration_ms is not None)
    assert (upstream.requests[0].duration_ms or 0) >= 30


def test_stalled_requests_are_counted_together(connect: Connect) -> None:
    """Including those whose clients have left."""
    with FakePypistats(now=NOW) as upstream, connect(upstream.url) as client:
        upstream.stall(0.3)
        raw(upstream, GET).close()
        with ThreadPoolExecutor(6) as pool:
            answers = list(pool.map(client.get, [RECENT] * 6))
        until(lambda: len(upstream.requests) == 7)
        arrivals = [request.arrived_s for request in upstream.requests]
        counts = [request.processed_s for request in upstream.requests]
        assert min(counts) > max(arrivals)
        assert sum(request.status == 429 for request in upstream.requests) == 2
        assert {answer.status_code for answer in answers} == {200, 429}


def test_many_clients_at_once(upstream: FakePypistats, connect: Connect) -> None:
    def ask(_: int) -> None:
        with connect(upstream.url) as client:
            for _ in range(5):
                client.get(RECENT).raise_for_status()

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(ask, range(20)))
    assert (upstream.connections, len(upstream.requests)) == (20, 100)


def test_clock_and_limits_are_those_given(connect: Connect) -> None:
    with (
        FakePypistats(now=lambda: NOW, limits_clock=lambda: 0.0) as upstream,
        connect(upstream.url) as client,
    ):
        assert client.get(OVERALL).json()["data"][-1]["date"] == "2026-11-21"
        statuses = [client.get(RECENT).status_code for _ in range(6)]
        assert statuses == [200] * 5 + [429]
        upstream.reset()
        assert client.get(RECENT).status_code == 200


def test_reset_goes_back_to_the_start(connect: Connect) -> None:
    with (
        FakePypistats(now=NOW, limits=False, rules=["500:*:*:1"]) as upstream,
        connect(upstream.url) as client,
    ):
        client.get(RECENT)
        client.put("/_fake/settings?limits=on&rule=429&stall_ms=60000")
        upstream.reset()
        assert upstream.requests == []
        assert [client.get(RECENT).status_code for _ in range(9)] == [500] + [200] * 8


@pytest.mark.parametrize("effect", ["hang", "drip", "delay=60000", "stall"])
def test_it_stops_at_once_and_leaves_nothing(effect: str) -> None:
    before = threading.active_count()
    with FakePypistats(now=NOW) as upstream:
        if effect == "stall":
            upstream.stall(60)
        else:
            upstream.set_rules(effect)
        port = httpx.URL(upstream.url).port or 0
        waiting = [raw(upstream, GET) for _ in range(3)]
        until(lambda: threading.active_count() == before + 4)
        began = time.monotonic()
    assert time.monotonic() - began < 1
    for connection in waiting:
        with closing(connection):
            assert b"}" not in everything(connection)
    until(lambda: threading.active_count() == before)
    with FakePypistats(now=NOW, port=port) as second:
        assert second.url == f"http://127.0.0.1:{port}"


def test_it_can_be_asked_only_while_it_runs() -> None:
    with pytest.raises(RuntimeError, match="not running"):
        _ = FakePypistats(now=NOW).url


def test_moment_needs_a_time_zone() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        FakePypistats(now=NOW.replace(tzinfo=None))
