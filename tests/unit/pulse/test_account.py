"""What a request spends is counted where it was spent, and told in one line."""

import pytest

from pulse.account import Account, account, open_account, outcome_of
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
from tests.counts import NOON, counts_of, day


class Seconds:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 50.0

    def __call__(self) -> float:
        return self.now


def opened() -> tuple[Account, Seconds]:
    clock = Seconds()
    return Account(clock, "id"), clock


def line(account: Account) -> dict[str, object]:
    return account.line(method="GET", route="/compare", status=200, cold_start=False)


def test_time_is_counted_where_it_was_spent() -> None:
    account, clock = opened()
    with account.spending("table"):
        clock.now += 0.004
    with account.spending("upstream"):
        clock.now += 0.25
    clock.now += 0.001
    told = line(account)
    assert (told["table_ms"], told["upstream_ms"], told["total_ms"]) == (4.0, 250.0, 255.0)
    assert (told["budget_ms"], told["others_ms"]) == (0, 0)
    assert account.server_timing == "table;dur=4.0, upstream;dur=250.0, total;dur=255.0"


def test_what_is_spent_at_the_same_time_counts_once() -> None:
    account, clock = opened()
    first, second = account.spending("upstream"), account.spending("upstream")
    first.__enter__()
    clock.now += 1
    second.__enter__()
    clock.now += 1
    first.__exit__(None, None, None)
    clock.now += 1
    second.__exit__(None, None, None)
    assert line(account)["upstream_ms"] == 3000.0


def test_time_that_ends_in_a_failure_counts_too() -> None:
    account, clock = opened()
    spending = account.spending("upstream")
    spending.__enter__()
    clock.now += 5
    spending.__exit__(UpstreamTooSlow, UpstreamTooSlow(), None)
    assert line(account)["upstream_ms"] == 5000.0


def test_of_several_packages_the_farthest_tier_and_the_worst_outcome_are_told() -> None:
    account, _ = opened()
    account.had(counts_of({}, day(0)), "upstream", NOON)
    account.had(counts_of({}, day(2), stale=True), "memory", NOON)
    account.missed(UnknownPackage("no such package"))
    told = line(account)
    assert (told["packages"], told["tier"], told["outcome"]) == (3, "upstream", "stale")
    assert told["days_behind"] == 2
    account.missed(UpstreamThrottled(3))
    account.failed(NothingToCompare("nothing"))
    assert line(account)["outcome"] == "throttled"


def test_without_figures_nothing_is_behind() -> None:
    account, _ = opened()
    assert "days_behind" not in line(account)


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


def test_an_account_is_that_of_its_request() -> None:
    nobodys = account()
    mine = open_account(Seconds(), "mine")
    assert account() is mine is not nobodys
