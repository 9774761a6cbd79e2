"""What came of a run, and which promises it broke."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from tools.fake_pypistats.routes import question

from .client import DATA, RETRY, Outcomes
from .plan import PER_MINUTE, PER_SECOND, Plan


@dataclass(frozen=True)
class EndpointCalls:
    """The calls to an endpoint; the most in a second and in a minute are of any such span."""

    endpoint: str
    total: int
    packages: int
    most_per_package: int
    most_per_second: int
    most_per_minute: int
    refused: int


@dataclass(frozen=True)
class Result:
    """What upstream saw, what clients got, and how often environments logged which line."""

    plan: Plan
    endpoints: Sequence[EndpointCalls]
    outcomes: Outcomes
    logged: Counter[str]


def by_endpoint(requests: Iterable[dict[str, Any]]) -> list[EndpointCalls]:
    """Count the calls in the fake's request log, by endpoint."""
    calls = defaultdict(list)
    for request in requests:
        if asked := question(request["path"]):
            calls[asked.endpoint].append((asked.package, request["processed_s"], request["status"]))
    return [_counted(endpoint, calls[endpoint]) for endpoint in sorted(calls)]


def _counted(endpoint: str, calls: Sequence[tuple[str, float, int]]) -> EndpointCalls:
    packages, moments, statuses = zip(*calls, strict=True)
    per_package = Counter(packages)
    return EndpointCalls(
        endpoint,
        total=len(calls),
        packages=len(per_package),
        most_per_package=max(per_package.values()),
        most_per_second=most_within(moments, 1),
        most_per_minute=most_within(moments, 60),
        refused=statuses.count(HTTPStatus.TOO_MANY_REQUESTS),
    )


def most_within(moments: Iterable[float], span_s: float) -> int:
    """The most moments in any span of this length, its end excluded."""
    ordered = sorted(moments)
    most = first = 0
    for last, moment in enumerate(ordered):
        while moment - ordered[first] >= span_s:
            first += 1
        most = max(most, last - first + 1)
    return most


def broken_promises(result: Result) -> Iterator[str]:
    """A sentence for each broken promise."""
    plan, outcomes = result.plan, result.outcomes
    for calls in result.endpoints:
        if calls.most_per_package > plan.calls_due(calls.endpoint):
            yield f"{calls.endpoint}: a package was asked for {calls.most_per_package} times"
        if calls.most_per_second > PER_SECOND:
            yield f"{calls.endpoint}: {calls.most_per_second} calls in a second"
        if calls.most_per_minute > PER_MINUTE:
            yield f"{calls.endpoint}: {calls.most_per_minute} calls in a minute"
        if calls.refused:
            yield f"{calls.endpoint}: upstream answered 429 {calls.refused} times"
    if bad := sorted(outcomes.statuses.keys() - DATA - RETRY):
        count = sum(outcomes.statuses[status] for status in bad)
        yield f"{count} packages had neither data nor a Retry-After, such as {bad[0]}"
    if outcomes.broken and plan.waits_are_true:
        waits = ", ".join(f"{wait_s} s" for wait_s in outcomes.broken)
        yield f"{len(outcomes.broken)} times nothing came after the Retry-After, of {waits}"
    # Refusing everything would be polite too.
    if len(outcomes.seen) < plan.packages_due:
        yield f"only {len(outcomes.seen)} packages came, and the limits allow {plan.packages_due}"


def report(result: Result) -> Iterator[str]:
    """Lines about what upstream saw, what clients got, and what was logged meanwhile."""
    plan, outcomes = result.plan, result.outcomes
    yield "Upstream (what is allowed in brackets):"
    for calls in result.endpoints:
        yield (
            f"  {calls.endpoint}: {calls.total} calls for {calls.packages} packages, at most"
            f" {calls.most_per_package} ({plan.calls_due(calls.endpoint)}) for one, {calls.most_per_second} ({PER_SECOND}) in"
            f" 1 s, {calls.most_per_minute} ({PER_MINUTE}) in 60 s; 429 {calls.refused} times (0)"
        )
    yield f"Clients: {outcomes.answers} answers, and {outcomes.lost} lost with their environment"
    statuses: Counter[str] = Counter()
    for status, count in outcomes.statuses.items():
        statuses[status.partition(":")[0]] += count
    yield f"  packages in them: {', '.join(f'{n} {status}' for status, n in statuses.items())}"
    yield f"  {len(outcomes.seen)} packages came with data ({plan.packages_due} due)"
    waits = f"{outcomes.kept} kept, {len(outcomes.broken)} broken, {outcomes.not_due} not due yet"
    yield f"  waits as Retry-After said: {waits}"
    for line, count in result.logged.most_common(10):
        yield f"Logged {count} times: {line}"
