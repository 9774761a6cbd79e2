"""What the measurement tells the stand-in, and what it takes for the slowest upstream call."""

from collections.abc import Iterator

import httpx
import pytest

from tools.compare.lambda_arena.upstream import Upstream
from tools.compare.problems import MeasurementError
from tools.fake_pypistats import FakePypistats


@pytest.fixture
def fake_pypistats() -> Iterator[FakePypistats]:
    with FakePypistats(limits=False) as running:
        yield running


@pytest.fixture
def client(fake_pypistats: FakePypistats) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=fake_pypistats.url, trust_env=False) as opened:
        yield opened


def ask(client: httpx.Client, *packages: str) -> list[int]:
    return [client.get(f"/api/packages/{name}/overall").status_code for name in packages]


def test_the_slowest_call_takes_at_least_the_latency(client: httpx.Client) -> None:
    upstream = Upstream(client)
    upstream.behave(latency_ms=20)
    ask(client, "flask", "fastapi")

    assert upstream.slowest_call_ms(["fastapi", "flask"]) >= 20


def test_what_was_asked_before_does_not_count(client: httpx.Client) -> None:
    upstream = Upstream(client)
    ask(client, "requests")
    upstream.forget_calls()
    ask(client, "flask")

    assert upstream.slowest_call_ms(["flask"]) > 0


@pytest.mark.parametrize("asked", [["flask"], ["flask", "flask", "fastapi"], ["flask", "requests"]])
def test_a_call_too_few_too_many_or_another_is_an_error(
    client: httpx.Client, asked: list[str]
) -> None:
    ask(client, *asked)

    with pytest.raises(MeasurementError, match="upstream was asked for"):
        Upstream(client).slowest_call_ms(["flask", "fastapi"])


def test_limits_are_off_unless_asked_for_and_fresh_each_time(client: httpx.Client) -> None:
    upstream = Upstream(client)
    upstream.behave(latency_ms=0, limits=True)
    first = ask(client, *["flask"] * 40)
    upstream.behave(latency_ms=0, limits=True)
    second = ask(client, "flask")
    upstream.behave(latency_ms=0)
    third = ask(client, *["flask"] * 40)

    assert (429 in first, second, set(third)) == (True, [200], {200})
