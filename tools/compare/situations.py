"""Which situations there is a verdict on, and what is compared for each."""

from dataclasses import dataclass
from typing import Final

from .comparisons import WITH_TABLE, Question
from .measured import Metric

LONGER: Final = ("takes", "{} times as long")
MORE_MEMORY: Final = ("needs", "{} times as much")
AS_LARGE: Final = ("is", "{} times as large")
AS_MANY: Final = ("answers", "{} times as many requests a second")

ONE_CLIENT: Final = range(1, 2)
MANY_CLIENTS: Final = range(10, 10_000)


@dataclass(frozen=True, slots=True)
class Situation:
    """A kind of work that someone has, for whom the answer may be another than for others."""

    name: str
    title: str
    questions: tuple[Question, ...]


SITUATIONS: Final = (
    Situation(
        "single-call",
        "One upstream call per request",
        (
            Question("Lambda, warm, Duration", Metric("lambda", "warm", "duration_ms"), *LONGER),
            Question(
                "Server, one client, p50",
                Metric("server", "latency", "client_ms"),
                *LONGER,
                clients=ONE_CLIENT,
            ),
        ),
    ),
    Situation(
        "fan-out",
        "Fan-out: several upstream calls per request",
        (
            Question("Lambda, warm, Duration", Metric("lambda", "fan-out", "duration_ms"), *LONGER),
            Question(
                "The article's two functions, client's clock",
                Metric("core", "fan-out", "client_ms"),
                *LONGER,
            ),
        ),
    ),
    Situation(
        "no-upstream",
        "No upstream call at all",
        (
            Question(
                "Lambda, warm, Duration", Metric("lambda", "no upstream", "duration_ms"), *LONGER
            ),
            Question(
                "Server, requests a second",
                Metric("server", "no upstream", "requests_per_s"),
                *AS_MANY,
                better="higher",
            ),
        ),
    ),
    Situation(
        "cold-start",
        "Sensitive to cold starts",
        (
            Question(
                "Lambda, first answer of a fresh container, Duration",
                Metric("lambda", "cold start", "duration_ms"),
                *LONGER,
            ),
            Question(
                "Lambda, the same without an upstream call, Duration",
                Metric("lambda", "cold start, no upstream", "duration_ms"),
                *LONGER,
            ),
            Question(
                "Lambda, the same with FastAPI's client of its table, as deployed, Duration",
                Metric("lambda", "cold start, no upstream", "duration_ms"),
                *LONGER,
                reference=WITH_TABLE,
            ),
            Question(
                "Server, from start to first answer",
                Metric("server", "cold start", "start_ms"),
                *LONGER,
            ),
        ),
    ),
    Situation(
        "size-and-memory",
        "Short of memory, or of room for the artifact",
        (
            Question(
                "Lambda, artifact, unzipped",
                Metric("lambda", "artifact", "unzipped_bytes"),
                *AS_LARGE,
                steady=True,
            ),
            Question(
                "Lambda, artifact, zipped",
                Metric("lambda", "artifact", "zipped_bytes"),
                *AS_LARGE,
                steady=True,
            ),
            Question(
                "Lambda, peak memory of the container",
                Metric("lambda", "memory", "peak_bytes"),
                *MORE_MEMORY,
                steady=True,
            ),
            Question(
                "Server, resident memory after the load",
                Metric("server", "memory", "rss_bytes"),
                *MORE_MEMORY,
                steady=True,
            ),
        ),
    ),
    Situation(
        "high-concurrency",
        "Many clients at once on a server, one worker",
        (
            Question(
                "Server, requests a second",
                Metric("server", "throughput", "requests_per_s"),
                *AS_MANY,
                better="higher",
                clients=MANY_CLIENTS,
            ),
            Question(
                "Server, p95",
                Metric("server", "latency", "client_ms"),
                *LONGER,
                percent=95,
                clients=MANY_CLIENTS,
            ),
        ),
    ),
    Situation(
        "as-shipped",
        "As shipped: with the polite budget and every deadline on",
        (
            Question(
                "Lambda, packages answered",
                Metric("lambda", "as shipped", "answered"),
                *("answers", "{} times as many packages"),
                better="higher",
                steady=True,
            ),
        ),
    ),
)
