"""What was seen while one load was on, as samples."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from tools.compare.plan import Plan
from tools.compare.samples import Sample
from tools.compare.upstream_process import Calls

from .load import Outcome
from .schedule import Turn

MOST_HEALTH_SAMPLES: Final = 500
"""Of one cell, in all rounds: what waits for nothing answers thousands of times a second."""


@dataclass(frozen=True, slots=True)
class Observed:
    """One load, from all sides.

    Attributes:
        outcome: What the clients saw.
        calls: What upstream was asked.
        server_cpu: The share of one core that the server took, its workers included.
        upstream_cpu: The share of one core that the stand-in upstream took.
    """

    outcome: Outcome
    calls: Calls
    server_cpu: float
    upstream_cpu: float


def samples(
    plan: Plan, turn: Turn, observed: Observed, *, round_: int, latency_ms: int
) -> Iterator[Sample]:
    """The samples of one turn, those of its single answers last.

    `limit_ms` is the median of the upstream calls: each answer needs one, and nothing but its own.
    `slowest_upstream_ms` is the slowest of them.
    """
    outcome = observed.outcome
    asks_upstream = turn.asked == "one package"
    rate, single = ("throughput", "latency") if asks_upstream else ("no upstream", "no upstream")

    def sample(measure: str, metric: str, value: float) -> Sample:
        return Sample(
            "server",
            measure,
            turn.variant,
            metric,
            value,
            round_,
            packages=1 if asks_upstream else None,
            latency_ms=latency_ms if asks_upstream else None,
            concurrency=turn.clients,
        )

    yield sample(rate, "requests_per_s", outcome.requests_per_s(turn.clients))
    yield sample(rate, "generator_cpu", outcome.cpu)
    yield sample(rate, "server_cpu", observed.server_cpu)
    yield sample(single, "errors", outcome.errors.total())
    latencies = outcome.latencies_ms
    if asks_upstream:
        yield sample(rate, "upstream_cpu", observed.upstream_cpu)
        yield sample(rate, "upstream_connections", observed.calls.connections)
        if observed.calls.durations_ms:
            yield sample(single, "limit_ms", median(observed.calls.durations_ms))
            yield sample(single, "slowest_upstream_ms", max(observed.calls.durations_ms))
    else:
        latencies = evenly(latencies, MOST_HEALTH_SAMPLES // plan.rounds or 1)
    for latency in latencies:
        yield sample(single, "client_ms", latency)


def evenly(values: Sequence[float], most: int) -> list[float]:
    """So many of the values at most, evenly taken from the first to the last."""
    if len(values) <= most:
        return list(values)
    return [values[place * len(values) // most] for place in range(most)]
