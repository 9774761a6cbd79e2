"""One run of `make compare`: arena after arena, with everything kept that was measured."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from tools.runtime.machine import Machine, NeedError

from . import circumstances
from .arenas import Measurer, measurer
from .columnar import rounded
from .plan import Plan
from .problems import MeasurementError
from .results import Results
from .samples import Arena, Sample, Say


@dataclass
class Run:
    """What has been measured until now, and what could not be.

    Attributes:
        plan: What was asked for.
        say: Tells how far it is.
        find: Finds what measures an arena.
        samples: What was measured.
        missing: Why an arena could not be, or not to its end, by its name.
        settings: What each arena sets that is worth knowing.
        complete: Whether all arenas were measured.
        began: When.
    """

    plan: Plan
    say: Say
    find: Callable[[Arena], Measurer] = measurer
    samples: list[Sample] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)
    complete: bool = False
    settings: dict[str, dict[str, Any]] = field(default_factory=dict)
    began: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __post_init__(self) -> None:
        self._started = time.monotonic()
        # Before anything is measured: what is measured changes the load, and files may be edited.
        self._commit = circumstances.commit()
        self._machine = circumstances.machine_facts(Machine())

    def measure(self) -> None:
        """Measure every arena of the plan.

        One that lacks a part of the world, or is not what was to be measured, is noted in `missing`;
        the others are measured all the same.
        """
        self._warn_of_other_work()
        for name in self.plan.arenas:
            self.say(f"arena {name}")
            try:
                found = self.find(name)
                self.settings[name] = dict(found.settings)
                found.measure(self.plan, self._record, self.say)
            except NeedError as need:
                self.missing[name] = str(need)
                self.say(f"arena {name} can't be measured here: {need}")
            except MeasurementError as error:
                self.missing[name] = f"It ended early: {error}"
                self.say(f"arena {name} ended early: {error}")
        self.complete = not self.missing

    def _warn_of_other_work(self) -> None:
        machine = self._machine
        if circumstances.is_busy(machine):
            self.say(
                f"other work is running (load {machine.load_before} on {machine.cores} cores): "
                "ratios will spread more"
            )

    def _record(self, sample: Sample) -> None:
        self.samples.append(replace(sample, value=rounded(sample.value)))

    def results(self) -> Results:
        """Everything that is known until now."""
        return Results(
            complete=self.complete,
            began=self.began,
            took_s=round(time.monotonic() - self._started, 1),
            commit=self._commit,
            machine=circumstances.with_load_after(self._machine),
            versions=circumstances.versions(),
            plan=self.plan,
            settings=self.settings,
            missing=self.missing,
            samples=self.samples,
        )
