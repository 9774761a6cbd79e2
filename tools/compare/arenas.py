"""The arenas by name: what measures each, and under which settings."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from .plan import Plan
from .samples import Arena, Record, Say


class Measure(Protocol):
    """Measures an arena's part of a plan.

    Raises `tools.runtime.machine.NeedError` where it lacks a part of the world that it can't set up, and
    `MeasurementError` where something is not what was to be measured.
    """

    def __call__(self, plan: Plan, record: Record, say: Say) -> None:
        """Hand every sample to `record` as soon as there is one; leave nothing behind."""


@dataclass(frozen=True, slots=True)
class Measurer:
    """What measures an arena, and the settings of the variants in it, for results.json."""

    measure: Measure
    settings: Mapping[str, Any] = field(default_factory=dict)


def measurer(name: Arena) -> Measurer:
    """What measures an arena. It is imported when it is asked for: the report needs none of it."""
    match name:
        case "lambda":
            from . import lambda_arena  # noqa: PLC0415 - see above
            from .lambda_arena.functions import COMPARABLE  # noqa: PLC0415 - see above

            return Measurer(lambda_arena.measure, COMPARABLE.variables)
        case "server":
            from . import server_arena  # noqa: PLC0415 - see above

            return Measurer(server_arena.measure, server_arena.SETTINGS)
        case "core":
            from . import core_arena  # noqa: PLC0415 - see above

            return Measurer(core_arena.measure, core_arena.SETTINGS)
