"""What upstream saw: the calls in the stand-in's record, counted as its limits count them."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

import httpx

from tools.fake_pypistats.control import RECORD_PATH
from tools.fake_pypistats.routes import question

SECOND_S: Final = 1
MINUTE_S: Final = 60


@dataclass(frozen=True)
class Call:
    """One call: what for, when it was counted (seconds of the stand-in's clock), and its answer's status."""

    package: str
    endpoint: str
    counted_s: float
    status: int


@dataclass(frozen=True)
class EndpointCalls:
    """The calls of one endpoint, each worst case in whatever span it was."""

    endpoint: str
    total: int
    packages: int
    most_per_package: int
    most_per_second: int
    most_per_minute: int
    refused: int


def read_calls(upstream_url: str) -> list[Call]:
    """All calls that the stand-in at this URL has had."""
    record = httpx.get(upstream_url + RECORD_PATH, trust_env=False).raise_for_status().json()
    return [
        Call(asked.package, asked.endpoint, request["processed_s"], request["status"])
        for request in record["requests"]
        if (asked := question(request["path"]))
    ]


def by_endpoint(calls: Iterable[Call]) -> list[EndpointCalls]:
    """Count them for each endpoint that was called, in the order of their names."""
    of_endpoint: dict[str, list[Call]] = defaultdict(list)
    for call in calls:
        of_endpoint[call.endpoint].append(call)
    return [_counted(endpoint, of_endpoint[endpoint]) for endpoint in sorted(of_endpoint)]


def most_within(moments: Iterable[float], span_s: float) -> int:
    """The largest number of moments in any span of this length, the end of which is not part of it."""
    ordered = sorted(moments)
    most = first = 0
    for last, moment in enumerate(ordered):
        while moment - ordered[first] >= span_s:
            first += 1
        most = max(most, last - first + 1)
    return most


def _counted(endpoint: str, calls: Sequence[Call]) -> EndpointCalls:
    per_package = Counter(call.package for call in calls)
    moments = [call.counted_s for call in calls]
    return EndpointCalls(
        endpoint,
        total=len(calls),
        packages=len(per_package),
        most_per_package=max(per_package.values()),
        most_per_second=most_within(moments, SECOND_S),
        most_per_minute=most_within(moments, MINUTE_S),
        refused=sum(call.status == HTTPStatus.TOO_MANY_REQUESTS for call in calls),
    )
