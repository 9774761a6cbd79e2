"""Cold starts: each request meets a fresh container, whose first answer comes after its init.

Of a fresh container SAM local's `Duration` contains the init. The container has all of the machine's
processors, as Lambda gives the init a whole one whatever the memory; its files may be in the page cache.
"""

from functools import partial

from tools.compare.comparisons import REFERENCE, WITH_TABLE
from tools.compare.plan import Plan
from tools.compare.samples import Record, Say

from .asking import Asking
from .bench import Bench
from .events import HEALTH
from .functions import COMPARABLE
from .rounds import take_turns
from .situation import Situation


def measure_cold_starts(plan: Plan, bench: Bench, record: Record, say: Say) -> None:
    """Record `cold start` (one package) and `cold start, no upstream` (the health route).

    The second is FastAPI's with its table's client too: that is imported where there is a table alone.
    """
    with_table = (WITH_TABLE,) if REFERENCE in plan.variants else ()
    without_upstream = (*plan.variants, *with_table)
    latency_ms = min(plan.latencies_ms)
    bench.upstream.behave(latency_ms=latency_ms)
    with bench.emulator(without_upstream, COMPARABLE, warm=False) as emulator:
        asking = Asking(emulator, bench.upstream, fresh=True)
        for variant in plan.variants:  # the first ones read the artifact from the disk
            emulator.warm_up(variant, HEALTH)
        for round_ in range(1, plan.rounds + 1):
            say(f"lambda: cold starts, round {round_} of {plan.rounds}")
            one_package = partial(Situation, "cold start", packages=1, latency_ms=latency_ms)
            take_turns(plan.variants, round_, one_package, asking.package, record)
            none = partial(Situation, "cold start, no upstream")
            take_turns(without_upstream, round_, none, asking.health, record)
