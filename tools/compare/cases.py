"""The cases: what each row of the report says, and which measured values it is made of."""

from dataclasses import dataclass
from typing import Final, Literal

Unit = Literal["ms", "MB", "requests/s", "USD", "packages"]


@dataclass(frozen=True, slots=True)
class Case:
    """A row of the report's first table.

    Attributes:
        title: The situation.
        target, measure, metric: Which values.
        unit: Of what is printed; values in bytes are printed in MB.
        better: Whether less or more is better.
        exact: Whether a value is the same in every round, so that one round is enough.
        packages, latency_ms, clients, memory_mb: Of which cell; None leaves it open.
    """

    title: str
    target: str
    measure: str
    metric: str
    unit: Unit = "ms"
    better: Literal["lower", "higher"] = "lower"
    exact: bool = False
    packages: int | None = None
    latency_ms: int | None = None
    clients: int | None = None
    memory_mb: int | None = None


_FAN_OUT: Final = ("lambda", "fan-out", "duration_ms")
_SIZE: Final = ("lambda", "memory size")
_LOAD: Final = ("server", "load")

# Upstream takes 200 ms wherever it takes part. The page's table has fifteen rows at most.
CASES: Final = (
    Case("Lambda, warm: no upstream call", "lambda", "no upstream", "duration_ms"),
    Case("Lambda, warm: 1 package", *_FAN_OUT, packages=1, latency_ms=200),
    Case("Lambda, warm: 10 packages", *_FAN_OUT, packages=10, latency_ms=200),
    Case("Lambda, warm: 50 packages", *_FAN_OUT, packages=50, latency_ms=200),
    Case(
        "Lambda, 128 MB: 10 packages",
        *(*_SIZE, "duration_ms"),
        packages=10,
        latency_ms=200,
        memory_mb=128,
    ),
    Case(
        "Lambda, 512 MB: cost of a million requests, 10 packages",
        *(*_SIZE, "usd_per_million", "USD"),
        packages=10,
        latency_ms=200,
        memory_mb=512,
    ),
    Case("Lambda, cold start: first answer", "lambda", "cold start", "first_answer_ms"),
    Case("Lambda: memory in use", "lambda", "memory", "anon_bytes", "MB"),
    Case("Lambda: artifact, zipped", "lambda", "artifact", "zipped_bytes", "MB", exact=True),
    Case(
        "Lambda, as deployed: answered of 50 packages",
        *("lambda", "as deployed", "answered", "packages", "higher"),
        packages=50,
    ),
    Case(
        "Server: no upstream call, 10 clients",
        *("server", "no upstream", "requests_per_s", "requests/s", "higher"),
        clients=10,
    ),
    Case(
        "Server: 1 package, 10 clients",
        *(*_LOAD, "requests_per_s", "requests/s", "higher"),
        clients=10,
        latency_ms=200,
    ),
    Case(
        "Server: 1 package, 50 clients",
        *(*_LOAD, "requests_per_s", "requests/s", "higher"),
        clients=50,
        latency_ms=200,
    ),
    Case("Server: 1 package, 50 clients, p95", *_LOAD, "p95_ms", clients=50, latency_ms=200),
    Case("The article's function, 50 calls", "core", "article", "client_ms", packages=50),
)

# Measured too, and shown in the table of everything that was measured.
OTHER_CASES: Final = (
    Case("Lambda, cold start: init", "lambda", "cold start", "init_ms"),
    Case("Lambda: peak memory with page cache", "lambda", "memory", "peak_bytes", "MB"),
    Case("Lambda: artifact, unzipped", "lambda", "artifact", "unzipped_bytes", "MB", exact=True),
    Case("Lambda, as deployed: duration", "lambda", "as deployed", "duration_ms"),
    Case("Server: no upstream call, p95", "server", "no upstream", "p95_ms"),
    Case("Server: 1 package, p50", "server", "load", "p50_ms"),
    Case("Server: from start to first answer", "server", "start", "start_ms"),
    Case("Server: resident memory", "server", "memory", "rss_bytes", "MB"),
)
