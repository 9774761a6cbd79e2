"""What is measured on Lambda, in which order."""

from tools.compare.plan import Plan
from tools.compare.samples import Record, Say
from tools.runtime.machine import Machine

from .artifacts import measure_artifacts
from .asking import Asking
from .bench import Bench, bench
from .cold import measure_cold_starts
from .functions import COMPARABLE
from .memory import measure_memory, measure_memory_sizes
from .shipped import measure_as_shipped
from .warm import measure_fanout, measure_warm, warm_up


def measure(plan: Plan, record: Record, say: Say) -> None:
    """Measure the plan's variants in the Lambda runtime's image.

    Everything that it starts is gone when it returns or raises.

    Raises:
        NeedError: something is missing and can't be had here; says what to do.
        MeasurementError: an answer was wrong; what was recorded before holds.
    """
    with bench(Machine(), say) as equipment:
        measure_artifacts(plan, equipment.built, record)
        measure_cold_starts(plan, equipment, record, say)
        _measure_warm_containers(plan, equipment, record, say)
        measure_as_shipped(plan, equipment, record, say)


def _measure_warm_containers(plan: Plan, equipment: Bench, record: Record, say: Say) -> None:
    say("lambda: starting warm containers")
    with equipment.emulator(plan.variants, COMPARABLE, warm=True) as emulator:
        warm_up(plan, emulator)
        containers = equipment.containers(plan.variants)
        asking = Asking(emulator, equipment.upstream, fresh=False)
        measure_warm(plan, asking, record, say)
        measure_fanout(plan, asking, record, say)
        measure_memory(plan, containers, record)
        if not plan.quick:
            measure_memory_sizes(plan, asking, containers, record, say)
