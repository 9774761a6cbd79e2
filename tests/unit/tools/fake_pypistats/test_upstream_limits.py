"""5 requests a second and 30 a minute, for each client address and endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tools.fake_pypistats import FakePypistats
from tools.fake_pypistats.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    import httpx


class Clock:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def limited(now: datetime, clock: Clock) -> Iterator[FakePypistats]:
    with FakePypistats(now=now, limits_clock=clock) as running:
        yield running


@pytest.fixture
def client(limited: FakePypistats, connect: Callable[..., httpx.Client]) -> Iterator[httpx.Client]:
    base = f"{limited.url}/api/packages/"
    with connect(base) as opened:
        yield opened


def statuses(client: httpx.Client, path: str, times: int) -> list[int]:
    return [client.get(path).status_code for _ in range(times)]


def test_the_sixth_request_in_a_second_is_refused(client: httpx.Client) -> None:
    assert statuses(client, "requests/recent", 6) == [200] * 5 + [429]


def test_a_refusal_is_html_and_does_not_say_when_to_come_back(client: httpx.Client) -> None:
    statuses(client, "requests/recent", 5)

    response = client.get("requests/recent")

    assert response.text == '<a href="/api/#etiquette">429 RATE LIMIT EXCEEDED</a>'
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert "retry-after" not in response.headers
    assert "x-pulse-source" not in response.headers


def test_the_next_second_begins_anew(client: httpx.Client, clock: Clock) -> None:
    statuses(client, "requests/recent", 6)

    clock.seconds += 1

    assert statuses(client, "requests/recent", 6) == [200] * 5 + [429]


def test_the_window_is_fixed_and_does_not_slide(client: httpx.Client, clock: Clock) -> None:
    statuses(client, "requests/recent", 1)
    clock.seconds += 0.9
    statuses(client, "requests/recent", 4)
    clock.seconds += 0.1

    assert statuses(client, "requests/recent", 5) == [200] * 5


def test_the_31st_request_in_a_minute_is_refused(client: httpx.Client, clock: Clock) -> None:
    for _ in range(6):
        assert statuses(client, "requests/recent", 5) == [200] * 5
        clock.seconds += 1

    assert statuses(client, "requests/recent", 1) == [429]
    clock.seconds += 53.9
    assert statuses(client, "requests/recent", 1) == [429]
    clock.seconds += 0.1
    assert statuses(client, "requests/recent", 1) == [200]


def test_what_the_second_refuses_does_not_count_for_the_minute(
    client: httpx.Client, clock: Clock
) -> None:
    statuses(client, "requests/recent", 40)

    for _ in range(5):
        clock.seconds += 1
        assert statuses(client, "requests/recent", 5) == [200] * 5


def test_all_packages_share_an_endpoint_and_each_endpoint_counts_alone(
    client: httpx.Client,
) -> None:
    assert statuses(client, "requests/recent", 5) == [200] * 5

    assert statuses(client, "flask/recent", 1) == [429]
    assert statuses(client, "requests/overall", 5) == [200] * 5


def test_each_client_address_counts_alone(clock: Clock) -> None:
    limits = Limits(clock)
    first = [limits.admit("192.0.2.1", "recent") for _ in range(6)]

    assert first == [True] * 5 + [False]
    assert limits.admit("192.0.2.2", "recent")


def test_a_404_for_a_package_counts_and_one_for_a_path_does_not(client: httpx.Client) -> None:
    assert statuses(client, "requests/recent/", 9) == [404] * 9
    assert statuses(client, "no-such-thing/recent", 6) == [404] * 5 + [429]


def test_head_counts_and_a_refused_method_does_not(client: httpx.Client) -> None:
    assert [client.post("requests/recent").status_code for _ in range(9)] == [405] * 9
    assert [client.head("requests/recent").status_code for _ in range(6)] == [200] * 5 + [429]


def test_limits_can_be_switched_off(now: datetime, connect: Callable[..., httpx.Client]) -> None:
    with FakePypistats(now=now, limits=False) as free, connect() as client:
        url = f"{free.url}/api/packages/requests/recent"
        assert statuses(client, url, 40) == [200] * 40


def test_reset_forgives(client: httpx.Client, limited: FakePypistats) -> None:
    statuses(client, "requests/recent", 6)

    limited.reset()

    assert statuses(client, "requests/recent", 1) == [200]


def test_a_refused_request_spends_no_fault(
    client: httpx.Client, limited: FakePypistats, clock: Clock
) -> None:
    statuses(client, "requests/recent", 5)
    limited.set_faults(["500:recent:requests:1"])
    assert statuses(client, "requests/recent", 1) == [429]

    clock.seconds += 1

    assert statuses(client, "requests/recent", 2) == [500, 200]
