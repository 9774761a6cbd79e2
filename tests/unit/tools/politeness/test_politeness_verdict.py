"""Every promise has a way to be broken, and each is told apart."""

from collections import Counter
from dataclasses import replace

import pytest

from tools.politeness.answers import Answer, Kind
from tools.politeness.calls import EndpointCalls
from tools.politeness.client import Outcomes
from tools.politeness.plan import Plan
from tools.politeness.run import Result
from tools.politeness.verdict import broken_promises

PLAN = Plan(processes=1, packages=2, duration_s=10)
POLITE = EndpointCalls("overall", 30, 30, 1, 5, 30, 0)


def contented() -> Outcomes:
    outcomes = Outcomes()
    outcomes.take(Answer({"a": Kind.DATA, "b": Kind.STALE}))
    return outcomes


def result(calls: EndpointCalls, outcomes: Outcomes) -> Result:
    return Result(PLAN, [calls], [outcomes], Counter())


def test_a_run_up_to_every_limit_breaks_nothing() -> None:
    outcomes = contented()
    outcomes.take(Answer({"a": Kind.THROTTLED}, retry_after_s=1))
    outcomes.kept = outcomes.not_due = 1
    assert broken_promises(result(POLITE, outcomes)) == []


@pytest.mark.parametrize(
    ("calls", "sentence"),
    [
        (replace(POLITE, most_per_package=2), "overall: a package was asked for 2 times"),
        (replace(POLITE, most_per_second=6), "overall: 6 calls in a second"),
        (replace(POLITE, most_per_minute=31), "overall: 31 calls in a minute"),
        (replace(POLITE, refused=1), "overall: upstream answered 429 1 times"),
    ],
)
def test_an_impolite_call_breaks_a_promise(calls: EndpointCalls, sentence: str) -> None:
    assert broken_promises(result(calls, contented())) == [sentence]


def test_an_answer_that_is_none_of_what_is_promised_breaks_one() -> None:
    outcomes = contented()
    outcomes.take(Answer({"a": Kind.OTHER}, words="504: too slow"))
    assert broken_promises(result(POLITE, outcomes)) == [
        "client 1: 1 packages with neither data nor a Retry-After, such as 504: too slow"
    ]


def test_a_wait_for_nothing_breaks_one() -> None:
    outcomes = contented()
    outcomes.broken = [7]
    assert broken_promises(result(POLITE, outcomes)) == [
        "client 1: 1 times nothing was there after the Retry-After, of 7 s"
    ]


def test_refusing_everything_breaks_one_too() -> None:
    outcomes = Outcomes()
    outcomes.take(Answer({"a": Kind.DATA, "b": Kind.THROTTLED}, retry_after_s=600))
    assert broken_promises(result(POLITE, outcomes)) == [
        "only 1 packages were had, and the budget is for 2"
    ]


@pytest.mark.parametrize(
    ("packages", "duration_s", "due"), [(50, 180, 50), (50, 60, 30), (12, 10, 12)]
)
def test_what_is_due_is_what_the_budget_allows(packages: int, duration_s: float, due: int) -> None:
    assert Plan(packages=packages, duration_s=duration_s).packages_due == due


def test_a_seed_always_draws_the_same_packages() -> None:
    assert Plan(seed=3).names == Plan(seed=3).names
    assert len(set(Plan(seed=3).names)) == Plan().packages
