"""A request's time is counted by tier and logged in one line."""

import pytest

from pulse.problems import (
    InternalError,
    MethodNotAllowed,
    NothingToCompare,
    Problem,
    UnknownPackage,
    UpstreamBroken,
    UpstreamThrottled,
    UpstreamTooSlow,
)
from pulse.request_log import RequestLog, open_request_log, outcome_of, request_log
from tests.clocks import Clock
from tests.counts import NOON, counts_of, day


def opened() -> tuple[RequestLog, Clock[float]]:
    clock = Clock(50.0)
    return RequestLog(clock, "id"), clock


def line(log: RequestLog) -> dict[str, object]:
    return log.line(method="GET", route="/compare", status=200, cold_start=False)


def test_time_is_counted_by_tier() -> None:
    log, clock = opened()
    with log.timed("table"):
        clock.now += 0.004
    with log.timed("upstream"):
        clock.now += 0.25
    clock.now += 0.001
    logged = line(log)
    assert (logged["table_ms"], logged["upstream_ms"], logged["total_ms"]) == (4.0, 250.0, 255.0)
    assert (logged["rate_limit_ms"], logged["others_ms"]) == (0, 0)
    assert log.server_timing == "table;dur=4.0, upstream;dur=250.0, total;dur=255.0"


def test_overlapping_time_counts_once() -> None:
    log, clock = opened()
    first, second = log.timed("upstream"), log.timed("upstream")
    first.__enter__()
    clock.now += 1
    second.__enter__()
    clock.now += 1
    first.__exit__(None, None, None)
    clock.now += 1
    second.__exit__(None, None, None)
    assert line(log)["upstream_ms"] == 3000.0


def test_time_of_failure_counts() -> None:
    log, clock = opened()
    timer = log.timed("upstream")
    timer.__enter__()
    clock.now += 5
    timer.__exit__(UpstreamTooSlow, UpstreamTooSlow(), None)
    assert line(log)["upstream_ms"] == 5000.0


def test_farthest_tier_and_worst_outcome_are_logged() -> None:
    """The log line has one tier and one outcome for all packages."""
    log, _ = opened()
    log.hit(counts_of({}, day(0)), "upstream", NOON)
    log.hit(counts_of({}, day(2), stale=True), "memory", NOON)
    log.failed(UnknownPackage("no such package"))
    logged = line(log)
    assert (logged["packages"], logged["tier"], logged["outcome"]) == (3, "upstream", "stale")
    assert logged["days_behind"] == 2
    log.failed(UpstreamThrottled(3))
    log.ended_with(NothingToCompare("nothing"))
    assert line(log)["outcome"] == "throttled"


def test_no_figures_no_days_behind() -> None:
    log, _ = opened()
    assert "days_behind" not in line(log)


@pytest.mark.parametrize(
    ("problem", "outcome"),
    [
        (UnknownPackage("?"), "not_found"),
        (UpstreamThrottled(3), "throttled"),
        (UpstreamTooSlow(), "timeout"),
        (UpstreamBroken("?"), "upstream_error"),
        (InternalError(), "defect"),
        (MethodNotAllowed.asked("PUT"), "invalid"),
    ],
)
def test_every_problem_is_an_outcome(problem: Problem, outcome: str) -> None:
    assert outcome_of(problem) == outcome


def test_current_log_belongs_to_its_request() -> None:
    nobodys = request_log()
    mine = open_request_log(Clock(50.0), "mine")
    assert request_log() is mine is not nobodys
