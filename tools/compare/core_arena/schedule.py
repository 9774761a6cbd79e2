"""Which batches there are in a round, and in which order.

Where calls are made one after the other, so many take so many times one call, and that at 50 calls takes
longer than all the rest. So there is one latency, and few such batches.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from typing import Final

from tools.compare.plan import Plan
from tools.compare.samples import Variant
from tools.compare.turns import rotated

from .article import PROCESSING_S
from .batches import POOLED, THREADS

LONG_S: Final = 3
"""A batch longer than this is run in `LONG_ROUNDS` alone, and not at all in a quick run."""

LONG_ROUNDS: Final = 3

LONG_FOR_A_CONTROL_S: Final = 1
"""A pooled control longer than this is not run."""

_AT_ONCE: Final = {"flask": 1, "flask-threads": THREADS}
_MS_PER_S: Final = 1000


@dataclass(frozen=True, slots=True)
class Turn:
    """One batch: of one variant, so many calls."""

    variant: Variant
    calls: int

    def expected_s(self, latency_ms: int) -> float:
        """How long it takes if nothing but waiting takes time."""
        at_once = _AT_ONCE.get(self.variant.removesuffix(POOLED), self.calls)
        return ceil(self.calls / at_once) * (latency_ms / _MS_PER_S + PROCESSING_S)


def calls(plan: Plan) -> list[int]:
    """The plan's sizes: the smallest, the middle one and the largest of them, as 1, 10 and 50."""
    sizes = sorted(plan.packages)
    return sorted({sizes[0], sizes[len(sizes) // 2], sizes[-1]})


def variants(plan: Plan) -> list[Variant]:
    """The plan's, and, unless it is quick, each of them with pooled connections as a control."""
    pooled = [] if plan.quick else [f"{variant}{POOLED}" for variant in plan.variants]
    return [*plan.variants, *pooled]


def turns(plan: Plan, latency_ms: int, round_: int) -> Iterator[Turn]:
    """The batches of a round, counted from 1: the variants take turns in going first."""
    for place, size in enumerate(calls(plan)):
        for variant in rotated(variants(plan), round_ + place):
            turn = Turn(variant, size)
            if _has_room(plan, turn.expected_s(latency_ms), round_, variant):
                yield turn


def _has_room(plan: Plan, expected_s: float, round_: int, variant: Variant) -> bool:
    if variant.endswith(POOLED):
        return expected_s <= LONG_FOR_A_CONTROL_S
    return expected_s <= LONG_S or (not plan.quick and round_ <= LONG_ROUNDS)
