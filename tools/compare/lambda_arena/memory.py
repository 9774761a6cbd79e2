"""Memory: what the containers have used, and what a smaller memory size does to a variant.

Lambda gives processor in proportion to memory, so that a small function is a slow one. The containers are given
the processor's share alone; how much memory a variant needs is measured apart.
"""

from functools import partial
from typing import Final

from tools.compare.plan import Plan
from tools.compare.samples import Record, Say
from tools.compare.turns import typical_latency

from .asking import Asking
from .containers import Containers
from .rounds import take_turns
from .situation import Situation

SIZES_MB: Final = (128, 256, 512, 1024, 1769)
PACKAGES: Final = (1, 10)
ROUNDS: Final = 3
"""A size makes a difference of several times."""


def measure_memory(plan: Plan, containers: Containers, record: Record) -> None:
    """Record `peak_bytes` and `anon_bytes`; see `containers.Memory` for what each is worth."""
    for variant in plan.variants:
        memory = containers.memory(variant)
        metrics = {"peak_bytes": memory.peak_bytes, "anon_bytes": memory.anon_bytes}
        for sample in Situation("memory", variant, round=1).samples(metrics):
            record(sample)


def measure_memory_sizes(
    plan: Plan, asking: Asking, containers: Containers, record: Record, say: Say
) -> None:
    """Record `memory size`; the containers keep the last share."""
    latency_ms = typical_latency(plan)
    asking.upstream.behave(latency_ms=latency_ms)
    rounds = min(plan.rounds, ROUNDS)
    for round_ in range(1, rounds + 1):
        for memory_mb in SIZES_MB:
            say(f"lambda: as with {memory_mb} MB, round {round_} of {rounds}")
            for variant in plan.variants:
                containers.share_processor(variant, memory_mb)
                asking.health(variant)  # leaves nothing of the old share to the first that counts
            for packages in PACKAGES:
                situation = partial(
                    Situation,
                    "memory size",
                    packages=packages,
                    latency_ms=latency_ms,
                    memory_mb=memory_mb,
                )
                ask = partial(asking.comparison, packages)
                take_turns(plan.variants, round_, situation, ask, record)
