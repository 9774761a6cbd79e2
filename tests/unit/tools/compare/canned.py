"""A whole run's samples, made up by a rule, and the results around them."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from tools.compare.circumstances import Commit, MachineFacts, Versions
from tools.compare.columnar import rounded
from tools.compare.comparisons import REFERENCE, WITH_TABLE
from tools.compare.plan import Plan
from tools.compare.results import Results
from tools.compare.samples import Arena, Sample

VARIANTS = ("fastapi", "flask", "flask-threads")
ROUNDS = 5
PLAN = Plan(
    arenas=("lambda", "server", "core"),
    variants=VARIANTS,
    packages=(1, 5, 10, 25, 50),
    latencies_ms=(50, 200, 500),
    concurrencies=(1, 5, 10, 25, 50),
    rounds=ROUNDS,
    quick=False,
    output=Path("nowhere"),
)
MEMORY_SIZES = (128, 512, 1769)


@cache
def whole_run() -> Results:
    """The results of a run that has everything, worked out once for all tests."""
    return run()


def run(samples: list[Sample] | None = None, **changes: Any) -> Results:  # noqa: ANN401 - as Results
    whole: dict[str, Any] = {
        "complete": True,
        "began": datetime(2026, 11, 22, 9, 30, tzinfo=UTC),
        "took_s": 800.5,
        "commit": Commit(id="0123456789abcdef", changed=False),
        "machine": MachineFacts(
            processor="A Processor 3000",
            architecture="x86_64",
            cores=2,
            memory_mb=8192,
            kernel="6.1.0",
            system="Linux-6.1.0",
            docker="26.1.5",
            load_before=0.25,
            load_after=1.75,
        ),
        "versions": Versions(
            python="3.11.7",
            lambda_python="3.13",
            sam="1.170.0",
            libraries={"fastapi": "0.165.0", "flask": "3.1.2"},
            artifacts={"fastapi": {"fastapi": "0.165.0"}, "flask": {"flask": "3.1.2"}},
        ),
        "plan": PLAN,
        "samples": list(all_samples()) if samples is None else samples,
    }
    return Results(**(whole | changes))


def all_samples() -> Iterator[Sample]:
    """Samples of every measure that there is a table of."""
    for round_ in range(1, ROUNDS + 1):
        for place, variant in enumerate(VARIANTS):
            noise = 1 + ((round_ * 7 + place * 3) % 5 - 2) / 100
            of = _Turn(variant, round_, noise)
            yield from _lambda(of)
            yield from _server(of)
            yield from _core(of)


class _Turn:
    def __init__(self, variant: str, round_: int, noise: float) -> None:
        self.variant, self.round, self.noise = variant, round_, noise

    def samples(
        self, arena: Arena, measure: str, values: Mapping[str, float], **at: int
    ) -> Iterator[Sample]:
        for metric, value in values.items():
            exact = metric in EXACT
            yield Sample(
                arena,
                measure,
                self.variant,
                metric,
                rounded(value if exact else value * self.noise),
                self.round,
                **at,
            )

    def by_variant(self, *values: float) -> float:
        return values[VARIANTS.index(self.variant)]

    def waits(self, calls: int, latency_ms: int) -> float:
        """How long a fan-out takes: at once, one after the other, ten at a time."""
        turns = self.by_variant(1, calls, -(-calls // 10))
        return turns * (latency_ms + 3) + self.by_variant(8 + 2 * calls, 5, 5 + 4 * calls)


EXACT = {
    "answered",
    "throttled",
    "failed",
    "status",
    "in_time",
    "errors",
    "unzipped_bytes",
    "zipped_bytes",
}


def _lambda(turn: _Turn) -> Iterator[Sample]:
    if turn.round == 1:
        sizes = {
            "unzipped_bytes": turn.by_variant(14e6, 6.5e6, 6.5e6),
            "zipped_bytes": turn.by_variant(5.1e6, 2.4e6, 2.4e6),
        }
        yield from turn.samples("lambda", "artifact", sizes)
    for latency_ms in PLAN.latencies_ms:
        yield from turn.samples(
            "lambda",
            "warm",
            _times(turn.waits(1, latency_ms), latency_ms),
            packages=1,
            latency_ms=latency_ms,
        )
        for packages in PLAN.packages:
            times = _times(turn.waits(packages, latency_ms), latency_ms)
            yield from turn.samples(
                "lambda", "fan-out", times, packages=packages, latency_ms=latency_ms
            )
    cold = _times(turn.by_variant(900, 650, 652), 50)
    yield from turn.samples("lambda", "cold start", cold, packages=1, latency_ms=50)
    health = turn.by_variant(840, 600, 601)
    times = {"duration_ms": health, "client_ms": health + 900}
    yield from turn.samples("lambda", "cold start, no upstream", times)
    if turn.variant == REFERENCE:
        times = {"duration_ms": 1260, "client_ms": 2160}
        with_table = _Turn(WITH_TABLE, turn.round, turn.noise)
        yield from with_table.samples("lambda", "cold start, no upstream", times)
    health = turn.by_variant(2.2, 1.4, 1.4)
    times = {"duration_ms": health, "client_ms": health + 9}
    yield from turn.samples("lambda", "no upstream", times)
    peaks = {
        "peak_bytes": turn.by_variant(81e6, 62e6, 66e6),
        "anon_bytes": turn.by_variant(58e6, 41e6, 45e6),
    }
    yield from turn.samples("lambda", "memory", peaks)
    for memory_mb in MEMORY_SIZES:
        for packages in (1, 10):
            slower = 1 + turn.by_variant(60, 40, 50) / memory_mb
            times = _times(turn.waits(packages, 200) * slower, 200)
            del times["client_ms"]
            at = {"packages": packages, "latency_ms": 200, "memory_mb": memory_mb}
            yield from turn.samples("lambda", "memory size", times, **at)
    for packages in (10, 25, 50):
        shipped = {
            "answered": 5 if packages < 50 or turn.variant != "flask" else 4,
            "throttled": packages - 5,
            "failed": 0,
            "status": 200,
            "in_time": 1,
            "client_ms": 8200,
            "duration_ms": 8100,
        }
        yield from turn.samples("lambda", "as shipped", shipped, packages=packages, latency_ms=200)


def _times(duration_ms: float, latency_ms: int) -> dict[str, float]:
    return {
        "duration_ms": duration_ms,
        "client_ms": duration_ms + 12,
        "billed_ms": duration_ms + 1,
        "limit_ms": latency_ms + 1.5,
    }


def _server(turn: _Turn) -> Iterator[Sample]:
    for clients in PLAN.concurrencies:
        most = turn.by_variant(400, 4.8, 210)
        rate = min(most, clients * 1000 / 208)
        at = {"concurrency": clients, "latency_ms": 200}
        yield from turn.samples("server", "throughput", {"requests_per_s": rate}, **at)
        for request in range(20):
            times = {"client_ms": clients * 1000 / rate + request}
            yield from turn.samples("server", "latency", times, **at)
        yield from turn.samples("server", "latency", {"limit_ms": 201.5, "errors": 0}, **at)
        shares = {"server_cpu": rate / 400, "generator_cpu": 0.1, "upstream_cpu": 0.12}
        yield from turn.samples("server", "throughput", shares, **at)
        no_upstream = {
            "requests_per_s": turn.by_variant(3100, 1900, 2050),
            "client_ms": clients / 3.0,
        }
        yield from turn.samples("server", "no upstream", no_upstream, concurrency=clients)
    yield from turn.samples("server", "memory", {"rss_bytes": turn.by_variant(71e6, 80e6, 84e6)})
    yield from turn.samples("server", "cold start", {"start_ms": turn.by_variant(910, 780, 790)})


def _core(turn: _Turn) -> Iterator[Sample]:
    for calls in (1, 10, 50):
        for latency_ms in PLAN.latencies_ms:
            times = {"client_ms": turn.waits(calls, latency_ms) + 10, "limit_ms": latency_ms + 1.5}
            yield from turn.samples(
                "core", "fan-out", times, concurrency=calls, latency_ms=latency_ms
            )
