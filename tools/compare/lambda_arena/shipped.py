"""Everything as shipped: the template's own settings, upstream's limits on, a fresh container each time.

How many packages does a variant answer before its deadline, and before API Gateway gives up? One that is
cut off, so that the runtime may not even report it, has answered none: that is a result like others.
"""

from dataclasses import asdict
from functools import partial
from typing import Final

from tools.compare.plan import Plan
from tools.compare.samples import Record, Say, Variant
from tools.compare.turns import typical_latency

from .answers import Outcome
from .asking import Metrics, times
from .bench import Bench
from .emulator import Emulator, Invocation, Unreported
from .events import comparison
from .functions import AS_SHIPPED, gateway_timeout_ms
from .packages import some
from .rounds import take_turns
from .situation import Situation

SIZES: Final = (10, 25, 50)


def measure_as_shipped(plan: Plan, bench: Bench, record: Record, say: Say) -> None:
    """Record `as shipped` for those of `SIZES` that the plan has.

    Once: it is limits and deadlines that decide, and those are the same each time.
    """
    latency_ms = typical_latency(plan)
    gives_up_ms = gateway_timeout_ms(bench.built)
    with bench.emulator(plan.variants, AS_SHIPPED, warm=False) as emulator:
        for packages in (size for size in SIZES if size in plan.packages):
            say(f"lambda: as shipped, {packages} packages")
            situation = partial(Situation, "as shipped", packages=packages, latency_ms=latency_ms)

            def ask(variant: Variant, packages: int = packages) -> Metrics:
                bench.upstream.behave(latency_ms=latency_ms, limits=True)
                return _compare(emulator, variant, packages, gives_up_ms)

            take_turns(plan.variants, 1, situation, ask, record)


def _compare(emulator: Emulator, variant: Variant, packages: int, gives_up_ms: float) -> Metrics:
    try:
        invocation = emulator.invoke(variant, comparison(some(packages)), fresh=True)
    except Unreported as lost:
        outcome = _outcome(lost, packages)
        return {"client_ms": lost.client_ms, **outcome, "in_time": 0.0}
    in_time = invocation.answered and invocation.report.duration_ms < gives_up_ms
    return {**times(invocation), **_outcome(invocation, packages), "in_time": float(in_time)}


def _outcome(came: Invocation | Unreported, packages: int) -> Metrics:
    return {**asdict(Outcome.of(came.body, packages)), "status": came.status}
