"""Compares several packages; each has its stats or its problem."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from pulse.models import ComparedPackage, Comparison, FailedPackage
from pulse.names import PackageName
from pulse.problems import (
    THROTTLED_RETRY_AFTER_S,
    UNKNOWN_MAX_AGE_S,
    NothingToCompare,
    Problem,
    UnknownPackage,
    UpstreamProblem,
    UpstreamThrottled,
    UpstreamTooSlow,
)
from pulse.questions import Answer, Breakdown, Question
from pulse.stats import package_stats

Outcomes = Mapping[PackageName, Answer]
"""What is known of each package: its `overall` counts, or why there are none."""


def overall_questions(packages: Iterable[PackageName]) -> list[Question]:
    """The questions about the packages of a comparison."""
    return [Question(package, Breakdown.OVERALL) for package in packages]


def by_package(answers: Mapping[Question, Answer]) -> Outcomes:
    """The answers to `overall_questions`, by package."""
    return {question.package: answer for question, answer in answers.items()}


def compare(
    packages: Sequence[PackageName],
    outcomes: Outcomes,
    *,
    mirrors: bool,
) -> Comparison:
    """Build the comparison from the `overall` outcomes, in the requested order, repeats included.

    Raises:
        NothingToCompare: upstream failed for every package. An unknown package is not a failure.
    """
    check_any(packages, outcomes)
    return Comparison(
        packages=[_compared(package, outcomes[package], mirrors=mirrors) for package in packages]
    )


def check_any(packages: Iterable[PackageName], outcomes: Outcomes) -> None:
    """Check that something is known of a package of the comparison.

    Raises:
        NothingToCompare: upstream failed for every package. An unknown package is not a failure.
    """
    failures = [outcomes[package] for package in packages]
    statuses = [
        status_of(outcome)
        for outcome in failures
        if isinstance(outcome, Problem) and not isinstance(outcome, UnknownPackage)
    ]
    if len(statuses) < len(failures):
        return
    counts = Counter(statuses)
    summary = ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))
    raise NothingToCompare(
        f"pypistats.org failed for every package ({summary}). Try again later.",
        retry_after_s=retry_after_s(outcomes.values()) or THROTTLED_RETRY_AFTER_S,
    )


def fresh_until(outcomes: Iterable[Answer], now: dt.datetime) -> dt.datetime | None:
    """When the first package of a comparison expires (UTC).

    None if upstream failed for a package: it may recover at any moment.
    """
    moments = []
    for outcome in outcomes:
        if isinstance(outcome, UpstreamProblem):
            return None
        if isinstance(outcome, Problem):
            moments.append(now + dt.timedelta(seconds=UNKNOWN_MAX_AGE_S))
        else:
            moments.append(outcome.fresh_until)
    return min(moments)


def retry_after_s(outcomes: Iterable[object]) -> int | None:
    """The longest known Retry-After in seconds, or None."""
    waits_s = [
        outcome.retry_after_s
        for outcome in outcomes
        if isinstance(outcome, Problem) and outcome.retry_after_s
    ]
    return max(waits_s, default=None)


def _compared(
    package: PackageName, outcome: Answer, *, mirrors: bool
) -> ComparedPackage | FailedPackage:
    if isinstance(outcome, Problem):
        return failed(package, outcome)
    stats = package_stats(package, outcome, mirrors=mirrors)
    return ComparedPackage(package=package, status="stale" if stats.stale else "ok", stats=stats)


def failed(package: PackageName, problem: Problem) -> FailedPackage:
    """The entry of a package without figures."""
    return FailedPackage(package=package, status=status_of(problem), problem=problem.details)


def status_of(
    problem: Problem,
) -> Literal["not_found", "throttled", "timeout", "upstream_error"]:
    """The status of a package that failed with this problem."""
    match problem:
        case UnknownPackage():
            return "not_found"
        case UpstreamThrottled():
            return "throttled"
        case UpstreamTooSlow():
            return "timeout"
        case _:
            return "upstream_error"
