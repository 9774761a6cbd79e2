"""What is to be measured: arenas, variants, sizes, latencies and rounds."""

from dataclasses import dataclass
from pathlib import Path

from .samples import Arena, Variant

ARENAS: tuple[Arena, ...] = ("lambda", "server", "core")
VARIANTS: tuple[Variant, ...] = ("fastapi", "flask", "flask-threads")


@dataclass(frozen=True)
class Plan:
    """A run of `make compare`, as asked for.

    Attributes:
        arenas: Where to measure, in this order.
        variants: What to measure.
        packages: Sizes of a fan-out; in the core arena, the numbers of calls.
        latencies_ms: How long upstream holds back each answer, one after the other.
        concurrencies: Numbers of clients in the server arena.
        rounds: How often each variant has its turn.
        quick: Whether it is to be over in three minutes: fewer situations, shorter loads.
        output: The folder for results.json, the report and its plots.
    """

    arenas: tuple[Arena, ...]
    variants: tuple[Variant, ...]
    packages: tuple[int, ...]
    latencies_ms: tuple[int, ...]
    concurrencies: tuple[int, ...]
    rounds: int
    quick: bool
    output: Path
