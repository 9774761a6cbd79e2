"""Everything as shipped: the template's own settings, upstream's limits on, a fresh container each time.

How many packages does a variant answer before its deadline, and before API Gateway gives up?
"""

from functools import partial
from typing import Final

from workbench.compare.plan import Plan
from workbench.compare.samples import Record, Say, Variant
from workbench.compare.turns import typical_latency

from .answers import Outcome
from .asking import Metrics, times
from .bench import Bench
from .emulator import Emulator
from .events import comparison
from .functions import AS_SHIPPED, gateway_timeout_ms
from .packages import some
from .rounds import take_turns
from .situation import Situation

SIZES: Final = (10, 25, 50)
ROUNDS: Final = 2
"""It is limits and deadlines that decide, and those are the same each time."""


def measure_as_shipped(plan: Plan, bench: Bench, record: Record, say: Say) -> None:
    """Record `as shipped` for those of `SIZES` that the plan has."""
    latency_ms = typical_latency(plan)
    gives_up_ms = gateway_timeout_ms(bench.built)
    rounds = min(plan.rounds, 1 if plan.quick else ROUNDS)
    with bench.emulator(plan.variants, AS_SHIPPED, warm=False) as emulator:
        for round_ in range(1, rounds + 1):
            for packages in (size for size in SIZES if size in plan.packages):
                say(f"lambda: as shipped, {packages} packages, round {round_} of {rounds}")
                situation = partial(
                    Situation, "as shipped", packages=packages, latency_ms=latency_ms
                )

                def ask(variant: Variant, packages: int = packages) -> Metrics:
                    bench.upstream.behave(latency_ms=latency_ms, limits=True)
                    return _compare(emulator, variant, packages, gives_up_ms)

                take_turns(plan.variants, round_, situation, ask, record)


def _compare(emulator: Emulator, variant: Variant, packages: int, gives_up_ms: float) -> Metrics:
    invocation = emulator.invoke(variant, comparison(some(packages)), fresh=True)
    outcome = Outcome.of(invocation.body, packages)
    return {
        **times(invocation),
        "answered": outcome.answered,
        "throttled": outcome.throttled,
        "failed": outcome.failed,
        "status": invocation.status,
        "in_time": float(invocation.report.duration_ms < gives_up_ms),
    }
