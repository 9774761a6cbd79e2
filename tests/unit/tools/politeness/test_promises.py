"""Every promise can be broken, and each is told apart."""

from collections import Counter
from dataclasses import replace

import pytest

from tools.politeness.client import Answer, Outcomes
from tools.politeness.plan import Plan
from tools.politeness.promises import (
    EndpointCalls,
    Result,
    broken_promises,
    by_endpoint,
    most_within,
    report,
)

PLAN = Plan(processes=1, packages=2, duration_s=10)
POLITE = EndpointCalls("overall", 30, 30, 1, 5, 30, 0)


def result(calls: EndpointCalls = POLITE, *answers: Answer, **outcomes: object) -> Result:
    got = Outcomes()
    for answer in answers or (Answer({"a": "ok", "b": "stale"}),):
        got.add(answer)
    return Result(PLAN, [calls], replace(got, **outcomes), Counter())  # type: ignore[arg-type] # some of its fields


def test_run_up_to_every_limit_breaks_nothing() -> None:
    throttled = Answer({"a": "throttled"}, retry_after_s=1)
    kept = result(POLITE, Answer({"a": "ok", "b": "stale"}), throttled, kept=1, not_due=1)
    assert list(broken_promises(kept)) == []


@pytest.mark.parametrize(
    ("broken", "sentence"),
    [
        (
            result(replace(POLITE, most_per_package=2)),
            "overall: a package was asked for 2 times",
        ),
        (result(replace(POLITE, most_per_second=6)), "overall: 6 calls in a second"),
        (result(replace(POLITE, most_per_minute=31)), "overall: 31 calls in a minute"),
        (result(replace(POLITE, refused=1)), "overall: upstream answered 429 1 times"),
        (
            result(POLITE, Answer({"a": "ok", "b": "ok", "c": "bad: 502", "d": "bad: 500"})),
            "2 packages had neither data nor a Retry-After, such as bad: 500",
        ),
        (result(broken=[7]), "1 times nothing came after the Retry-After, of 7 s"),
        (
            result(POLITE, Answer({"a": "ok", "b": "throttled"}, retry_after_s=600)),
            "only 1 packages came, and the limits allow 2",
        ),
    ],
)
def test_each_promise_can_be_broken(broken: Result, sentence: str) -> None:
    assert list(broken_promises(broken)) == [sentence]


def test_waits_may_be_in_vain_where_something_is_killed() -> None:
    killed = replace(result(broken=[7]), plan=replace(PLAN, kill_holders=1))
    assert list(broken_promises(killed)) == []


def test_report_has_every_count() -> None:
    answer = Answer({"a": "ok", "b": "stale", "c": "bad: 502", "d": "bad: 500"})
    got = result(POLITE, answer, broken=[7], kept=11)
    told = replace(got, logged=Counter({"table unavailable": 3}))
    lines = "\n".join(report(told))
    assert "overall: 30 calls for 30 packages, at most 1 (1) for one, 5 (5) in 1 s" in lines
    assert "1 ok, 1 stale, 2 bad" in lines
    assert "11 kept, 1 broken, 0 not due yet" in lines
    assert "Logged 3 times: table unavailable" in lines


@pytest.mark.parametrize(
    ("packages", "duration_s", "due"), [(50, 180, 50), (50, 60, 30), (12, 10, 12)]
)
def test_what_the_limits_allow_is_due(packages: int, duration_s: float, due: int) -> None:
    assert Plan(packages=packages, duration_s=duration_s).packages_due == due


def test_seed_draws_the_same_packages() -> None:
    assert Plan(seed=3).names == Plan(seed=3).names != Plan(seed=4).names
    assert len(set(Plan(seed=3).names)) == Plan().packages


@pytest.mark.parametrize(
    ("moments", "most"),
    [([0, 10.6, 10.7, 11.5, 11.6, 30], 3), ([5, 6], 1), ([3.2, 3.0, 3.1], 3), ([], 0)],
)
def test_busiest_second_is_found_wherever_it_starts(moments: list[float], most: int) -> None:
    assert most_within(moments, 1) == most


def test_each_endpoint_counts_alone() -> None:
    calls = [
        ("rich/system", 1.0, 200),
        ("rich/overall", 1.0, 200),
        ("rich/overall", 1.5, 429),
        ("boto3/overall", 50.0, 200),
    ]
    requests = [
        {"path": f"/api/packages/{path}", "processed_s": moment, "status": status}
        for path, moment, status in calls
    ]
    elsewhere = {"path": "/elsewhere", "processed_s": 2.0, "status": 404}
    assert by_endpoint([*requests, elsewhere]) == [
        EndpointCalls("overall", 3, 2, 2, 2, 3, 1),
        EndpointCalls("system", 1, 1, 1, 1, 1, 0),
    ]


def test_checks_of_a_stalled_upstream_are_due() -> None:
    assert Plan(duration_s=180).calls_due("recent") == 1
    assert Plan(duration_s=180, stall_s=3).calls_due("recent") == 17
    assert Plan(duration_s=180, stall_s=3).calls_due("overall") == 1
