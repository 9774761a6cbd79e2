"""A client reads answers, comes back when it is told to, and finds out whether that was true."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.unit.pulse_io.simulated.loop import SimulatedLoop
from tools.politeness.client import Answer, Client, Outcomes
from tools.politeness.plan import Plan

RETRY_IN_1_S = {"retry-after": "1"}
THROTTLED = httpx.Response(503, headers=RETRY_IN_1_S, json={"status": 503})
NOT_RESERVED = httpx.Response(503, headers=RETRY_IN_1_S, json={"reserved": False})
LATER = httpx.Response(503, headers={"retry-after": "600"}, json={})


def compared(*statuses: str, **changes: object) -> dict[str, Any]:
    """A comparison of the packages a, b, …"""
    entries = zip("abc", statuses, strict=False)
    return {"packages": [{"package": name, "status": one, **changes} for name, one in entries]}


@pytest.mark.parametrize(("stale", "status"), [(False, "ok"), (True, "stale")])
def test_stats_say_whether_they_are_stale(*, stale: bool, status: str) -> None:
    response = httpx.Response(200, json={"package": "a", "stale": stale})
    assert Answer.read(response, ["a"]) == Answer({"a": status})


def test_comparison_has_a_status_for_each_package() -> None:
    body = compared("ok", "stale", "timeout")
    answer = Answer.read(httpx.Response(200, json=body, headers=RETRY_IN_1_S), ["a", "b", "c"])
    assert answer == Answer({"a": "ok", "b": "stale", "c": "timeout"}, 1)
    assert answer.throttled == {"c"}


def test_503_with_a_wait_throttles_all() -> None:
    assert Answer.read(THROTTLED, ["a", "b"]).throttled == {"a", "b"}


@pytest.mark.parametrize(
    "response",
    [
        httpx.Response(503, json={}),
        httpx.Response(503, json={}, headers={"retry-after": "soon"}),
        httpx.Response(500, json={}, headers=RETRY_IN_1_S),
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json={}),
        httpx.Response(200, json=[]),
        httpx.Response(200, json=compared("throttled")),
        httpx.Response(200, json=compared("upstream_error"), headers=RETRY_IN_1_S),
        httpx.Response(200, json=compared("not_found"), headers=RETRY_IN_1_S),
    ],
)
def test_anything_else_is_bad(response: httpx.Response) -> None:
    answer = Answer.read(response, ["a"])
    assert answer.statuses["a"].startswith(f"bad: {response.status_code} ")
    assert not answer.throttled


def test_answer_can_say_that_no_call_is_reserved() -> None:
    assert Answer.read(THROTTLED, ["a"]).reserved
    assert not Answer.read(NOT_RESERVED, ["a"]).reserved
    body = compared("throttled", problem={"reserved": False})
    assert not Answer.read(httpx.Response(200, json=body, headers=RETRY_IN_1_S), ["a"]).reserved
    body["packages"] += compared("ok", "throttled", problem={})["packages"][1:]
    assert Answer.read(httpx.Response(200, json=body, headers=RETRY_IN_1_S), ["a", "b"]).reserved


def asked(
    reply: Callable[[httpx.Request], httpx.Response], *, duration_s: float = 3, **plan: int
) -> Outcomes:
    """Let a client ask this API, on simulated time."""
    outcomes = Outcomes()
    loop = SimulatedLoop()
    planned = Plan(packages=plan.pop("packages", 1), duration_s=duration_s, **plan)
    client = Client(["http://api.invalid"], planned, outcomes, httpx.MockTransport(reply))
    loop.run_until_complete(client.run())
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()
    return outcomes


def replies(*responses: httpx.Response | Exception) -> Callable[[httpx.Request], httpx.Response]:
    """Responses in turn, then data."""
    left = list(responses)

    def reply(request: httpx.Request) -> httpx.Response:
        response: httpx.Response | Exception = httpx.Response(
            200, json={"package": request.url.path.split("/")[-1], "stale": False}
        )
        if left:
            response = left.pop(0)
        if isinstance(response, Exception):
            raise response
        return response

    return reply


def test_burst_asks_for_every_package_once() -> None:
    paths = []

    def reply(request: httpx.Request) -> httpx.Response:
        paths.append(str(request.url))
        return LATER

    outcomes = asked(reply, packages=40)
    assert outcomes.statuses == {"throttled": 40}
    assert all(sum(name in path for path in paths) for name in Plan(packages=40).names)
    assert len([path for path in paths if "/packages/" in path]) == 5


def test_data_after_the_wait_keeps_the_promise() -> None:
    outcomes = asked(replies(THROTTLED))
    assert (outcomes.kept, outcomes.broken, outcomes.not_due) == (1, [], 0)
    assert outcomes.seen == set(Plan(packages=1).names)


def test_nothing_after_the_wait_breaks_it() -> None:
    outcomes = asked(replies(THROTTLED, LATER))
    assert (outcomes.kept, outcomes.broken, outcomes.not_due) == (0, [1], 1)


def test_wait_without_a_reservation_is_no_promise() -> None:
    outcomes = asked(replies(NOT_RESERVED, NOT_RESERVED), duration_s=4)
    assert (outcomes.kept, outcomes.broken, len(outcomes.seen)) == (0, [], 1)


def test_only_killed_environments_may_lose_an_answer() -> None:
    outcomes = asked(replies(httpx.ReadError("")), kill_holders=1)
    assert (outcomes.lost, outcomes.statuses) == (1, {"ok": 1})
    outcomes = asked(replies(httpx.ReadError("")))
    assert (outcomes.lost, outcomes.statuses) == (0, {"bad: ReadError('')": 1})
