"""What other processes can read of the stand-in and change while it runs."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.unit.tools.fake_pypistats.raw_client import raw
from tests.unit.tools.fake_pypistats.waiting import until
from tools.fake_pypistats import FakePypistats

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

RECENT = "/api/packages/requests/recent"
SETTINGS = "/_standin/settings"


def test_other_containers_can_read_the_record(
    client: httpx.Client, upstream: FakePypistats
) -> None:
    client.get(f"{RECENT}?period=day", headers={"User-Agent": "PyPI-Pulse/1.0"})
    until(lambda: upstream.requests[0].duration_ms is not None)

    assert client.get("/_standin/requests").json() == {
        "connections": 1,
        "requests": [
            {
                "method": "GET",
                "path": f"{RECENT}?period=day",
                "user_agent": "PyPI-Pulse/1.0",
                "arrived_s": upstream.requests[0].arrived_s,
                "processed_s": upstream.requests[0].processed_s,
                "status": 200,
                "duration_ms": upstream.requests[0].duration_ms,
            }
        ],
    }


def test_reading_the_record_is_not_recorded(client: httpx.Client, upstream: FakePypistats) -> None:
    client.get("/_standin/requests")
    assert (upstream.requests, upstream.connections) == ([], 0)

    client.get(RECENT)
    assert (len(upstream.requests), upstream.connections) == (1, 1)


def test_other_containers_can_reset_the_record(
    client: httpx.Client, upstream: FakePypistats
) -> None:
    client.get(RECENT)

    response = client.delete("/_standin/requests")

    assert response.json() == {"connections": 0, "requests": []}
    assert upstream.requests == []
    assert client.post("/_standin/requests").status_code == 405


def test_the_record_is_not_limited_delayed_or_spoiled(
    now: datetime, connect: Callable[..., httpx.Client]
) -> None:
    with (
        FakePypistats(now=now, faults=["500"], latency_ms=60_000) as upstream,
        connect() as client,
    ):
        answers = [client.get(f"{upstream.url}/_standin/requests") for _ in range(40)]

    assert {answer.status_code for answer in answers} == {200}


def test_a_request_has_the_time_that_it_took(
    now: datetime, connect: Callable[..., httpx.Client]
) -> None:
    with FakePypistats(now=now, latency_ms=30) as upstream, connect(upstream.url) as client:
        client.get(RECENT)
        until(lambda: upstream.requests[0].duration_ms is not None)

        [request] = client.get("/_standin/requests").json()["requests"]

    assert request["duration_ms"] >= 30


def test_a_request_under_way_has_no_time_yet(
    now: datetime, connect: Callable[..., httpx.Client]
) -> None:
    with (
        FakePypistats(now=now, faults=["hang"]) as upstream,
        connect(upstream.url) as client,
        closing(raw(upstream, f"GET {RECENT} HTTP/1.1\nHost: a\n\n")),
    ):
        until(lambda: len(upstream.requests) == 1)

        [request] = client.get("/_standin/requests").json()["requests"]
        assert request["duration_ms"] is None


def test_a_request_that_fails_has_its_time_too(
    now: datetime, connect: Callable[..., httpx.Client]
) -> None:
    with FakePypistats(now=now, faults=["dropped"]) as upstream, connect(upstream.url) as client:
        with pytest.raises(httpx.TransportError):
            client.get(RECENT)
        until(lambda: upstream.requests[0].duration_ms is not None)


def test_the_settings_can_be_read(now: datetime, connect: Callable[..., httpx.Client]) -> None:
    with FakePypistats(now=now, latency_ms=30) as upstream, connect(upstream.url) as client:
        assert client.get(SETTINGS).json() == {"latency_ms": 30, "limits": "on"}


def test_the_latency_can_be_changed_alone(client: httpx.Client, upstream: FakePypistats) -> None:
    answer = client.put(SETTINGS, params={"latency_ms": "30"})
    client.get(RECENT)
    until(lambda: upstream.requests[0].duration_ms is not None)

    assert answer.json() == {"latency_ms": 30, "limits": "off"}
    assert (upstream.requests[0].duration_ms or 0) >= 30


def test_the_limits_can_be_switched_on_and_off(client: httpx.Client) -> None:
    client.put(SETTINGS, params={"limits": "on"})
    refused = [client.get(RECENT).status_code for _ in range(40)]
    client.put(SETTINGS, params={"limits": "off"})
    admitted = [client.get(RECENT).status_code for _ in range(40)]

    assert 429 in refused
    assert set(admitted) == {200}


def test_naming_the_limits_forgets_what_was_spent(client: httpx.Client) -> None:
    client.put(SETTINGS, params={"limits": "on"})
    while client.get(RECENT).status_code != 429:
        pass

    client.put(SETTINGS, params={"limits": "on"})

    assert client.get(RECENT).status_code == 200


def test_a_stall_can_be_asked_for(client: httpx.Client, upstream: FakePypistats) -> None:
    client.put(SETTINGS, params={"stall_ms": "200"})
    client.get(RECENT)
    [request] = upstream.requests
    assert request.processed_s >= request.arrived_s + 0.1


@pytest.mark.parametrize(
    "query",
    ["latency_ms=-1", "stall_ms=soon", "latency_ms=soon", "latency_ms=", "limits=maybe", "speed=1"],
)
def test_a_malformed_setting_changes_nothing(client: httpx.Client, query: str) -> None:
    before = client.get(SETTINGS).json()

    assert client.put(f"{SETTINGS}?limits=on&{query}").status_code == 400
    assert client.get(SETTINGS).json() == before


def test_settings_take_no_other_method(client: httpx.Client) -> None:
    assert client.delete(SETTINGS).status_code == 405


def test_settings_are_not_recorded(client: httpx.Client, upstream: FakePypistats) -> None:
    client.put(SETTINGS, params={"latency_ms": "1"})
    assert (upstream.requests, upstream.connections) == ([], 0)


def test_reset_brings_the_first_settings_back(
    client: httpx.Client, upstream: FakePypistats
) -> None:
    client.put(SETTINGS, params={"latency_ms": "9", "limits": "on"})

    upstream.reset()

    assert client.get(SETTINGS).json() == {"latency_ms": 0, "limits": "off"}
