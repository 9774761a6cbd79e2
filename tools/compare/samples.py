"""One measured value, and what it was measured of."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Arena = Literal["lambda", "server", "core"]
Variant = str
"""`fastapi`, `flask` or `flask-threads`; an arena may have names of its own for how they are served."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A value of one metric, in one round, of one variant in one situation.

    Attributes:
        arena: Where it was measured.
        measure: What was done, such as `warm`, `fan-out`, `cold start`, `as shipped`, `throughput`.
        variant: What was measured.
        metric: What the value is, with its unit at the end: `client_ms`, `duration_ms`, `limit_ms`
            (the slowest single upstream call that it needed), `peak_bytes`, `requests_per_s`.
        value: The value.
        round: Counted from 1; in a round every variant has its turn.
        packages: How many packages one request asked for.
        latency_ms: How long upstream holds back every answer.
        concurrency: How many clients, or calls, were at it at once.
        memory_mb: The memory that the processor's share was set for, where it was.
    """

    arena: Arena
    measure: str
    variant: Variant
    metric: str
    value: float
    round: int
    packages: int | None = None
    latency_ms: int | None = None
    concurrency: int | None = None
    memory_mb: int | None = None


Record = Callable[[Sample], None]
"""Takes a sample as soon as there is one."""

Say = Callable[[str], None]
"""Tells the person at the terminal how far it is."""
