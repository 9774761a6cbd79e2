"""Whose turn it is, and at which latency where there is time for one alone."""

from collections.abc import Sequence
from typing import Final

from .plan import Plan
from .samples import Variant

TYPICAL_LATENCY_MS: Final = 200
"""Upstream takes "hundreds of milliseconds", the article says."""


def rotated(variants: Sequence[Variant], by: int) -> list[Variant]:
    """The same variants in the same order, beginning with another one."""
    start = by % len(variants)
    return [*variants[start:], *variants[:start]]


def typical_latency(plan: Plan) -> int:
    """`TYPICAL_LATENCY_MS` where the plan has it, else the middle one of its latencies."""
    if TYPICAL_LATENCY_MS in plan.latencies_ms:
        return TYPICAL_LATENCY_MS
    return sorted(plan.latencies_ms)[len(plan.latencies_ms) // 2]
