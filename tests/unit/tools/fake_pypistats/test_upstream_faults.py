"""Faults one by one, whom they strike and how often, and delays."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import httpx
import pytest

from tools.fake_pypistats import FakePypistats, FaultKind
from tools.fake_pypistats.delays import Delays, Slow
from tools.fake_pypistats.faults import MEANINGS, Fault
from tools.fake_pypistats.routes import question

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

OVERALL = "/api/packages/requests/overall"
SOON = httpx.Timeout(5, read=0.2)


def test_429_looks_like_the_real_one(client: httpx.Client, upstream: FakePypistats) -> None:
    upstream.set_faults(["429"])

    response = client.get(OVERALL)

    assert response.status_code == 429
    assert response.text == '<a href="/api/#etiquette">429 RATE LIMIT EXCEEDED</a>'
    assert "retry-after" not in response.headers


def test_500_is_html(client: httpx.Client, upstream: FakePypistats) -> None:
    upstream.set_faults(["500"])

    response = client.get(OVERALL)

    assert (response.status_code, response.text) == (500, "500")
    assert response.headers["content-type"] == "text/html; charset=utf-8"


def test_hang_never_answers(client: httpx.Client, upstream: FakePypistats) -> None:
    upstream.set_faults(["hang"])

    with pytest.raises(httpx.ReadTimeout):
        client.get(OVERALL, timeout=SOON)


def test_drip_begins_at_once_and_takes_its_time(
    client: httpx.Client, upstream: FakePypistats
) -> None:
    upstream.set_faults(["drip"])

    with client.stream("GET", OVERALL, timeout=SOON) as response:
        assert response.status_code == 200
        assert response.headers["x-pulse-source"] == "simulated"
        with pytest.raises(httpx.ReadTimeout):
            response.read()


def test_drip_sends_the_right_bytes(client: httpx.Client, upstream: FakePypistats) -> None:
    upstream.set_faults(["drip"])

    with client.stream("GET", OVERALL) as response:
        assert next(response.iter_raw(chunk_size=1)) == b"{"


def test_truncated_breaks_off_within_the_body(
    client: httpx.Client, upstream: FakePypistats
) -> None:
    upstream.set_faults(["truncated"])

    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message body"):
        client.get(OVERALL)


def test_html_is_a_200_that_is_not_json(client: httpx.Client, upstream: FakePypistats) -> None:
    upstream.set_faults(["html"])

    response = client.get(OVERALL)

    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    with pytest.raises(ValueError, match="Expecting value"):
        response.json()


def test_not_json_claims_to_be_json(client: httpx.Client, upstream: FakePypistats) -> None:
    upstream.set_faults(["not-json"])

    response = client.get(OVERALL)

    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    with pytest.raises(ValueError, match="Unterminated string"):
        response.json()


def test_dropped_resets_the_connection(client: httpx.Client, upstream: FakePypistats) -> None:
    upstream.set_faults(["dropped"])

    with pytest.raises(httpx.ReadError) as caught:
        client.get(OVERALL)

    errors = [caught.value, caught.value.__cause__, caught.value.__context__]
    assert "reset by peer" in "".join(map(str, errors))


@pytest.mark.parametrize(
    "asked", ["requests/recent", "pulse-mirrored/system", "no-such-package/overall"]
)
def test_half_loaded_leaves_alone_what_has_no_rows(
    client: httpx.Client, upstream: FakePypistats, asked: str
) -> None:
    whole = client.get(f"/api/packages/{asked}")
    upstream.set_faults(["half-loaded"])
    half = client.get(f"/api/packages/{asked}")
    assert (half.status_code, half.content) == (whole.status_code, whole.content)


@pytest.mark.parametrize("kind", ["drip", "truncated"])
def test_head_has_no_body_to_spoil(
    client: httpx.Client, upstream: FakePypistats, kind: str
) -> None:
    upstream.set_faults([kind])

    response = client.head(OVERALL)

    assert (response.status_code, response.content) == (200, b"")


@pytest.mark.parametrize(
    ("spec", "struck"),
    [
        ("500", {"requests/overall", "requests/recent", "flask/overall", "flask/recent"}),
        ("500:*:*", {"requests/overall", "requests/recent", "flask/overall", "flask/recent"}),
        ("500:overall", {"requests/overall", "flask/overall"}),
        ("500:*:requests", {"requests/overall", "requests/recent"}),
        ("500:recent:flask", {"flask/recent"}),
    ],
)
def test_a_fault_strikes_by_endpoint_and_package(
    client: httpx.Client, upstream: FakePypistats, spec: str, struck: set[str]
) -> None:
    upstream.set_faults([spec])
    paths = ["requests/overall", "requests/recent", "flask/overall", "flask/recent"]

    found = {path for path in paths if client.get(f"/api/packages/{path}").status_code == 500}

    assert found == struck


def test_a_package_is_meant_however_it_is_written(
    client: httpx.Client, upstream: FakePypistats
) -> None:
    upstream.set_faults(["500:recent:typing.extensions"])

    assert client.get("/api/packages/typing_extensions/recent").status_code == 500


def test_a_fault_can_strike_an_unknown_package_but_no_unknown_path(
    client: httpx.Client, upstream: FakePypistats
) -> None:
    upstream.set_faults(["500"])

    assert client.get("/api/packages/no-such-thing/recent").status_code == 500
    assert client.get("/api/packages/requests/recent/").status_code == 404
    assert client.post("/api/packages/requests/recent").status_code == 405


def test_a_count_strikes_the_first_so_many_requests(
    client: httpx.Client, upstream: FakePypistats
) -> None:
    upstream.set_faults(["500:overall:requests:2"])

    assert [client.get(OVERALL).status_code for _ in range(4)] == [500, 500, 200, 200]


def test_a_dropped_connection_with_a_count_of_one_lets_the_retry_through(
    client: httpx.Client, upstream: FakePypistats
) -> None:
    upstream.set_faults(["dropped:overall:requests:1"])

    with pytest.raises(httpx.ReadError):
        client.get(OVERALL)

    assert client.get(OVERALL).status_code == 200
    assert upstream.connections == 2


def test_faults_strike_in_order_each_until_it_is_spent(
    client: httpx.Client, upstream: FakePypistats
) -> None:
    upstream.set_faults(["429:*:*:1", "500:*:*:1"])

    assert [client.get(OVERALL).status_code for _ in range(3)] == [429, 500, 200]


def test_faults_can_be_cleared_and_reset_brings_the_first_ones_back(
    now: datetime, connect: Callable[..., httpx.Client]
) -> None:
    with FakePypistats(now=now, faults=["500:*:*:1"]) as ill, connect() as client:
        url = ill.url + OVERALL
        ill.clear_faults()
        assert client.get(url).status_code == 200
        ill.reset()
        assert [client.get(url).status_code for _ in range(2)] == [500, 200]
        ill.reset()
        assert client.get(url).status_code == 500


def test_a_bad_spec_leaves_the_faults_as_they_were(
    client: httpx.Client, upstream: FakePypistats
) -> None:
    upstream.set_faults(["500"])

    with pytest.raises(ValueError, match="unknown fault 'flood'"):
        upstream.set_faults(["429", "flood"])

    assert client.get(OVERALL).status_code == 500


@pytest.mark.parametrize(
    ("spec", "complaint"),
    [
        ("", "unknown fault ''"),
        ("404", "unknown fault '404'"),
        ("500:overal", "unknown endpoint 'overal'"),
        ("500:", "unknown endpoint ''"),
        ("500:*:", "the package is empty"),
        ("500:*:*:0", "'0' is not a count"),
        ("500:*:*:-1", "'-1' is not a count"),
        ("500:*:*:", "'' is not a count"),
        ("500:*:*:1:2", "too many parts"),
    ],
)
def test_a_bad_fault_is_told_plainly(spec: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Fault.parse(spec)


def test_every_kind_of_fault_has_its_meaning_told() -> None:
    assert MEANINGS.keys() == set(FaultKind)


@pytest.mark.parametrize(
    ("spec", "complaint"),
    [
        ("fast", "'fast' is not a time"),
        ("-1", "'-1' is not a time"),
        ("nan", "'nan' is not a time"),
        ("inf:overall", "'inf' is not a time"),
        ("5:overal", "unknown endpoint 'overal'"),
        ("5:*:*:1", "too many parts"),
    ],
)
def test_a_bad_delay_is_told_plainly(spec: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Slow.parse(spec)


def test_latency_holds_an_answer_back(now: datetime, connect: Callable[..., httpx.Client]) -> None:
    with FakePypistats(now=now, latency_ms=60) as late, connect() as client:
        client.get(f"{late.url}/_standin/requests")
        began = time.perf_counter()
        client.get(late.url + OVERALL)
        assert time.perf_counter() - began >= 0.06


def test_delays_add_up_by_endpoint_and_package() -> None:
    delays = Delays(10, 0, ["100:overall", "1000:*:requests"], seed=0)

    def seconds(target: str) -> float:
        return delays.seconds(target, question(target))

    assert seconds("/api/packages/flask/recent") == pytest.approx(0.01)
    assert seconds("/api/packages/flask/overall") == pytest.approx(0.11)
    assert seconds("/api/packages/requests/overall") == pytest.approx(1.11)
    assert seconds("/nowhere") == pytest.approx(0.01)


def test_jitter_is_the_same_for_the_same_seed_and_stays_in_bounds() -> None:
    def delays(seed: int) -> list[float]:
        jittery = Delays(10, 40, [], seed)
        return [jittery.seconds(OVERALL, question(OVERALL)) for _ in range(50)]

    assert delays(1) == delays(1)
    assert delays(1) != delays(2)
    assert len(set(delays(1))) == 50
    assert all(0.01 <= seconds <= 0.05 for seconds in delays(1))
