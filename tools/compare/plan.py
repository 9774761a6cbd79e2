"""What to measure: benchmark targets, variants, sizes and rounds, and the order within a round."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

TARGETS: Final = ("lambda", "server", "core")
VARIANTS: Final = ("fastapi", "flask", "flask-threads")
TRANSPORTS: Final = ("httpx", "httpx2", "aiohttp", "pyreqwest")
"""What can carry the FastAPI variant's calls below httpx's API; `httpx` is what is deployed."""

REFERENCE: Final = "fastapi"
"""The variant that the others are divided by."""

AT_ONCE: Final = 10
"""Upstream calls at once: `UPSTREAM_CONCURRENCY` as deployed, and the Flask variant's threads."""

TYPICAL_LATENCY_MS: Final = 200
LONGEST_S: Final = 11.0
"""What takes longer, because it calls upstream one package after the other, is not measured."""

_MS_PER_S: Final = 1000


@dataclass(frozen=True, slots=True)
class Plan:
    """A run of `make compare`, as asked for.

    Attributes:
        targets: Where to measure: some of `TARGETS`.
        variants: What to measure: some of `VARIANTS`, and `fastapi-TRANSPORT` for other transports.
        packages: Packages of one request.
        latencies_ms: How long upstream holds back each answer.
        clients: Clients at once on a server.
        memory_mb: Memory sizes whose share of a processor the Lambda functions get.
        rounds: How often each variant is measured.
        load_s: How long each load on a server lasts.
    """

    targets: tuple[str, ...]
    variants: tuple[str, ...]
    packages: tuple[int, ...]
    latencies_ms: tuple[int, ...]
    clients: tuple[int, ...]
    memory_mb: tuple[int, ...]
    rounds: int
    load_s: float

    @property
    def latency_ms(self) -> int:
        """The latency of what is measured at one alone: the typical one, or the plan's middle one."""
        if TYPICAL_LATENCY_MS in self.latencies_ms:
            return TYPICAL_LATENCY_MS
        return sorted(self.latencies_ms)[len(self.latencies_ms) // 2]


FULL: Final = Plan(
    TARGETS,
    VARIANTS,
    packages=(1, 5, 10, 25, 50),
    latencies_ms=(50, 200, 500),
    clients=(1, 5, 10, 25, 50),
    memory_mb=(128, 256, 512, 1024, 1769),
    rounds=5,
    load_s=0.6,
)
QUICK: Final = Plan(
    TARGETS,
    VARIANTS,
    packages=(1, 10),
    latencies_ms=(200,),
    clients=(1, 10),
    memory_mb=(128, 512),
    rounds=2,
    load_s=0.5,
)


@dataclass(frozen=True, slots=True)
class Cell:
    """One thing to measure of every variant in every round.

    Attributes:
        target: One of `TARGETS`.
        measure: What is done there, such as `fan-out` or `cold start`.
        packages: Packages of one request, or calls of the article's function.
        latency_ms: How long upstream holds back each answer.
        clients: Clients at once.
        memory_mb: The memory size whose share of a processor the function gets.
    """

    target: str
    measure: str
    packages: int | None = None
    latency_ms: int | None = None
    clients: int | None = None
    memory_mb: int | None = None


DIMENSIONS: Final = ("packages", "latency_ms", "clients", "memory_mb")
"""What distinguishes the cells of a measure."""


def base(variant: str) -> str:
    """One of `VARIANTS`: the variant without its transport."""
    return "fastapi" if variant.startswith("fastapi") else variant


def transport(variant: str) -> str:
    """What carries a FastAPI variant's calls: one of `TRANSPORTS`."""
    return variant.removeprefix("fastapi-") if variant.startswith("fastapi-") else "httpx"


def with_transports(variants: Sequence[str], transports: Sequence[str]) -> tuple[str, ...]:
    """The variants, with one of FastAPI for each transport; without `httpx`, not the deployed one."""
    fastapi = tuple("fastapi" if one == "httpx" else f"fastapi-{one}" for one in transports)
    return (*(fastapi if "fastapi" in variants else ()), *(v for v in variants if v != "fastapi"))


def too_long(variant: str, cell: Cell) -> bool:
    """Whether a variant that calls upstream one package after the other needs more than `LONGEST_S`."""
    calls_ms = (cell.packages or 0) * (cell.latency_ms or 0)
    return variant == "flask" and calls_ms > LONGEST_S * _MS_PER_S


def rotated(variants: Sequence[str], by: int) -> list[str]:
    """The variants in the same order, beginning with another one."""
    start = by % len(variants)
    return [*variants[start:], *variants[:start]]
