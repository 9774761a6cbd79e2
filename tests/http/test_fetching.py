"""One upstream fetch serves all routes while it is fresh, and stale data is better than an error."""

from contextlib import ExitStack

import pytest

from tests.http.conftest import NOON
from tests.http.served import Clock, Served, served
from tools.fake_pypistats import FakePypistats

ROUTES_ON_OVERALL = [
    "/packages/requests",
    "/packages/requests?mirrors=false",
    "/packages/requests/downloads",
    "/packages/Requests/downloads?period=week&mirrors=true",
    "/packages/requests/downloads?format=csv&start=2026-11-01",
    "/compare?packages=requests,requests",
    "/api/packages/requests/recent",
    "/api/packages/requests/recent?period=week",
    "/api/packages/requests/overall?mirrors=false",
]
LONGEST_S = 62 + 5
"""A minute and its margin, and what a call may take on a busy machine: until its answer it counts as new."""

SHORT = {"UPSTREAM_TIMEOUT_S": "2", "DEADLINE_S": "2.5"}
"""Timeouts for faults that only a timeout ends, long enough for good calls on a busy machine."""


def test_one_fetch_serves_every_route(api: Served, fake_pypistats: FakePypistats) -> None:
    for route in ROUTES_ON_OVERALL:
        assert api.client.get(route).status_code == 200, route
    assert [r.path for r in fake_pypistats.requests] == ["/api/packages/requests/overall"]


def test_each_endpoint_is_fetched_once(api: Served, fake_pypistats: FakePypistats) -> None:
    for by in ("python_major", "python_minor", "system"):
        for route in (f"/packages/flask/downloads?by={by}", f"/api/packages/flask/{by}"):
            assert api.client.get(route).status_code == 200, route
    assert len(fake_pypistats.requests) == 3


def test_unknown_package_is_fetched_again_after_an_hour(
    api: Served, fake_pypistats: FakePypistats, clock: Clock
) -> None:
    for minutes, calls in ((0, 1), (59, 1), (1, 2)):
        clock.move(minutes=minutes)
        assert api.client.get("/packages/no-such-package").status_code == 404
        assert len(fake_pypistats.requests) == calls


def test_numbers_stay_fresh_until_the_next_load(
    api: Served, fake_pypistats: FakePypistats, clock: Clock
) -> None:
    assert api.client.get("/packages/requests").json()["latest_date"] == "2026-11-21"
    clock.move(hours=13, minutes=9)
    assert api.client.get("/packages/requests").json()["latest_date"] == "2026-11-21"
    assert len(fake_pypistats.requests) == 1
    clock.move(minutes=1)
    stats = api.client.get("/packages/requests").json()
    assert (stats["latest_date"], stats["fetched_at"]) == ("2026-11-22", "2026-11-23T01:10:00Z")
    assert len(fake_pypistats.requests) == 2


@pytest.mark.parametrize("fault", ["dropped", "500", "429", "hang", "html"])
def test_failing_upstream_serves_stale_answer(
    fake_pypistats: FakePypistats, clock: Clock, fault: str
) -> None:
    with served(fake_pypistats.url, clock, **(SHORT if fault == "hang" else {})) as api:
        before = api.client.get("/packages/requests").json()
        fake_pypistats.set_rules(fault)
        assert api.client.get("/packages/requests").json() == before
        clock.move(days=1)
        assert api.client.get("/packages/requests").json() == {**before, "stale": True}


def test_every_route_marks_stale_answers(
    api: Served, fake_pypistats: FakePypistats, clock: Clock
) -> None:
    for route in ROUTES_ON_OVERALL:
        api.client.get(route)
    fake_pypistats.set_rules("dropped")
    clock.move(days=1)
    stale = {route: api.client.get(route) for route in ROUTES_ON_OVERALL}
    assert {answer.status_code for answer in stale.values()} == {200}
    for route, answer in stale.items():
        in_headers = answer.headers.get("x-pulse-stale") == "true"
        assert in_headers if "csv" in route else '"stale":true' in answer.text, route
    compared = stale["/compare?packages=requests,requests"].json()["packages"]
    assert [entry["status"] for entry in compared] == ["stale", "stale"]


def test_recovered_upstream_is_used_without_restart(clock: Clock) -> None:
    with ExitStack() as upstream:
        url = upstream.enter_context(FakePypistats(now=clock, limits=False)).url
        with served(url, clock) as api:
            api.client.get("/packages/requests")
            upstream.close()
            clock.move(days=1)
            assert api.client.get("/packages/requests").json()["stale"] is True
            port = int(url.rpartition(":")[2])
            upstream.enter_context(FakePypistats(port=port, now=clock, limits=False))
            clock.move(seconds=10)
            stats = api.client.get("/packages/requests").json()
    assert (stats["stale"], stats["latest_date"]) == (False, "2026-11-22")


def test_hanging_upstream_is_not_called_again(fake_pypistats: FakePypistats, clock: Clock) -> None:
    with served(fake_pypistats.url, clock, **SHORT) as api:
        api.client.get("/packages/requests")
        fake_pypistats.set_rules("hang")
        clock.move(days=1)
        api.client.get("/packages/requests")
        asked = len(fake_pypistats.requests)
        for _ in range(5):
            assert api.client.get("/packages/requests").json()["stale"] is True
        assert len(fake_pypistats.requests) == asked


def test_hanging_upstream_is_left_alone_for_all_packages(
    fake_pypistats: FakePypistats, clock: Clock
) -> None:
    fake_pypistats.set_rules("hang")
    with served(fake_pypistats.url, clock, **SHORT) as api:
        assert api.client.get("/packages/requests").status_code == 504
        asked = len(fake_pypistats.requests)
        for path in ("/packages/flask", "/api/packages/numpy/system"):
            answer = api.client.get(path)
            assert (answer.status_code, answer.headers["retry-after"]) == (504, "10")
        compared = api.client.get("/compare?packages=boto3,idna")
        assert (compared.status_code, compared.headers["retry-after"]) == (503, "10")
        assert len(fake_pypistats.requests) == asked
        fake_pypistats.set_rules()
        clock.move(seconds=10)
        assert api.client.get("/packages/flask").status_code == 200


@pytest.mark.parametrize("fault", ["500", "html", "not-json", "dropped"])
def test_failure_is_kept_for_ten_seconds(
    fake_pypistats: FakePypistats, clock: Clock, fault: str
) -> None:
    with served(fake_pypistats.url, clock) as api:
        fake_pypistats.set_rules(fault)
        assert api.client.get("/packages/requests").status_code == 502
        fake_pypistats.set_rules()
        asked = len(fake_pypistats.requests)
        again = api.client.get("/packages/requests")
        assert (again.status_code, again.headers["retry-after"]) == (502, "10")
        assert len(fake_pypistats.requests) == asked
        clock.move(seconds=10)
        assert api.client.get("/packages/requests").status_code == 200


def test_cache_off_fetches_every_time(fake_pypistats: FakePypistats, clock: Clock) -> None:
    with served(fake_pypistats.url, clock, CACHE="off") as api:
        for _ in range(3):
            assert api.client.get("/packages/requests").status_code == 200
    assert len(fake_pypistats.requests) == 3


def test_calls_beyond_the_limit_are_throttled(fake_pypistats: FakePypistats, clock: Clock) -> None:
    limits = {"UPSTREAM_PER_SECOND": "0", "UPSTREAM_PER_MINUTE": "3"}
    with served(fake_pypistats.url, clock, **limits) as api:
        answer = api.client.get("/compare?packages=requests,flask,numpy,boto3,idna")
        again = api.client.get("/packages/six")
        nothing = api.client.get("/compare?packages=six,idna")
        beyond = api.client.get("/packages/attrs")
    statuses = [entry["status"] for entry in answer.json()["packages"]]
    assert sorted(statuses) == ["ok", "ok", "ok", "throttled", "throttled"]
    throttled = [e["problem"] for e in answer.json()["packages"] if e["status"] == "throttled"]
    assert all(50 <= problem["retry_after"] <= LONGEST_S for problem in throttled)
    assert int(answer.headers["retry-after"]) == max(p["retry_after"] for p in throttled)
    assert answer.headers["cache-control"] == "no-store"
    assert again.status_code == nothing.status_code == beyond.status_code == 503
    assert (
        50 <= int(nothing.headers["retry-after"]) <= int(again.headers["retry-after"]) <= LONGEST_S
    )
    # All three calls of the next minute are reserved, so this one gets the minute after.
    assert 120 <= int(beyond.headers["retry-after"]) <= LONGEST_S + 10 + LONGEST_S
    assert 50 <= int(again.headers["retry-after"]) <= LONGEST_S
    assert len(fake_pypistats.requests) == 3


def test_retry_counts_towards_rate_limit(fake_pypistats: FakePypistats, clock: Clock) -> None:
    """Without a free slot for the retry, the first failure is the answer."""
    limits = {"UPSTREAM_PER_SECOND": "0", "UPSTREAM_PER_MINUTE": "1"}
    fake_pypistats.set_rules("dropped")
    with served(fake_pypistats.url, clock, **limits) as api:
        answer = api.client.get("/packages/requests")
    assert answer.json()["type"] == "urn:pypi-pulse:problem:upstream-broken"
    assert len(fake_pypistats.requests) == 1


def test_rate_limit_keeps_upstream_from_answering_429(clock: Clock) -> None:
    limits = {"UPSTREAM_PER_SECOND": "5", "UPSTREAM_PER_MINUTE": "30"}
    names = "requests,flask,numpy,boto3,idna,six,click,httpx,fastapi,certifi,urllib3,attrs"
    with FakePypistats(now=NOON) as limited, served(limited.url, clock, **limits) as api:
        answer = api.client.get("/compare", params={"packages": names})
        assert [entry["status"] for entry in answer.json()["packages"]] == ["ok"] * 12
        assert len(limited.requests) == 12


def test_deadline_ends_before_upstream_timeout(fake_pypistats: FakePypistats, clock: Clock) -> None:
    fake_pypistats.set_rules("hang")
    patient = {"UPSTREAM_TIMEOUT_S": "20", "DEADLINE_S": "0.5"}
    for cache in ("on", "off"):
        with served(fake_pypistats.url, clock, CACHE=cache, **patient) as api:
            # The client gives up after 5 seconds.
            assert api.client.get("/packages/requests").status_code == 504
