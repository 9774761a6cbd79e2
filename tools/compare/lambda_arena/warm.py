"""Warm containers: no upstream call, one package, and the fan-out over many."""

from functools import partial
from typing import Final

from tools.compare.plan import Plan
from tools.compare.samples import Record, Say

from .asking import Asking
from .emulator import Emulator
from .events import HEALTH, comparison, one_package
from .packages import some
from .rounds import take_turns
from .situation import Situation

REPEATS: Final = 4
"""What takes no second has its turn so many times more often than the fan-out, each a round of its own."""

LONG_MS: Final = 4000
"""Where one after the other takes longer than this, `LONG_ROUNDS` have to do."""

LONG_ROUNDS: Final = 3

QUICK_REPEATS: Final = 2

_POOL: Final = 10
"""Packages at once that open every connection that a variant ever holds."""


def warm_up(plan: Plan, emulator: Emulator) -> None:
    """Let each variant import, compile, and open its connections; the stand-in make up its numbers."""
    for variant in plan.variants:
        most = max(_POOL, *plan.packages)
        for event in (HEALTH, one_package(*some(1)), comparison(some(most)), HEALTH):
            emulator.warm_up(variant, event)


def measure_warm(plan: Plan, asking: Asking, record: Record, say: Say) -> None:
    """Record `no upstream` and `warm` (one package, at each latency)."""
    say("lambda: warm, one package")
    repeats = QUICK_REPEATS if plan.quick else REPEATS
    for round_ in range(1, repeats * plan.rounds + 1):
        none = partial(Situation, "no upstream")
        take_turns(plan.variants, round_, none, asking.health, record)
        for latency_ms in plan.latencies_ms:
            asking.upstream.behave(latency_ms=latency_ms)
            one = partial(Situation, "warm", packages=1, latency_ms=latency_ms)
            take_turns(plan.variants, round_, one, asking.package, record)


def measure_fanout(plan: Plan, asking: Asking, record: Record, say: Say) -> None:
    """Record `fan-out`: a comparison of each size at each latency; `LONG_ROUNDS` of the longest."""
    for round_ in range(1, plan.rounds + 1):
        for latency_ms in plan.latencies_ms:
            say(f"lambda: fan-out at {latency_ms} ms, round {round_} of {plan.rounds}")
            asking.upstream.behave(latency_ms=latency_ms)
            for packages in plan.packages:
                if packages * latency_ms > LONG_MS and round_ > LONG_ROUNDS:
                    continue
                many = partial(Situation, "fan-out", packages=packages, latency_ms=latency_ms)
                ask = partial(asking.comparison, packages)
                take_turns(plan.variants, round_, many, ask, record)
