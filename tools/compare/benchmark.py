"""Runs a plan: every target, and on each all rounds, cells and variants, interleaved."""

import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Protocol

import httpx

from . import circumstances
from .plan import Cell, Plan, rotated, too_long
from .results import Recorder, recorder, save_run
from .upstream import Upstream, running_upstream

Say = Callable[[str], None]
"""Tells the person at the terminal how far it is."""


class MeasurementError(Exception):
    """Something is missing, or is not what was to be measured; says what."""


FAILURES: Final = (MeasurementError, OSError, httpx.HTTPError, subprocess.SubprocessError)
"""What ends a target and leaves the others: a call or a program failed, or an answer was wrong."""


class Target(Protocol):
    """A place where variants are measured, once everything there is started."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """How the variants are run there, for `run.json`."""

    def cells(self, round_: int) -> Sequence[Cell]:
        """What to measure in a round, counted from 1."""

    def measure(self, variant: str, cell: Cell) -> Mapping[str, float]:
        """Measure one variant: values by metric, whose name ends with the unit.

        Raises:
            MeasurementError: an answer was wrong, or something ended.
        """


Open = Callable[[Plan, Upstream, Say], AbstractContextManager[Target]]
"""Starts a target, warms it up, and leaves nothing of it behind at the end."""


def targets(names: Sequence[str]) -> Iterator[tuple[str, Open]]:
    """What opens each target. They are imported here: a report needs none of them."""
    from .targets import core, functions, server  # noqa: PLC0415 - see above

    known: dict[str, Open] = {
        "lambda": functions.opened,
        "server": server.opened,
        "core": core.opened,
    }
    for name in names:
        yield name, known[name]


_BUSY: Final = 0.5
"""Load per core before a run that disturbs it."""


def run(plan: Plan, folder: Path, say: Say, find: Callable[..., Any] = targets) -> bool:
    """Measure a plan into a folder, and return whether everything was measured.

    A target that can't be measured here, or not to its end, is noted in `run.json`; the others are
    measured all the same. What was measured before an exception, such as Ctrl-C, is kept.
    """
    began = time.monotonic()
    notes: dict[str, Any] = {
        "complete": False,
        "began": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": circumstances.commit(),
        "machine": circumstances.machine(),
        "versions": circumstances.versions(),
        "plan": asdict(plan),
        "settings": {},
        "missing": {},
    }
    machine = notes["machine"]
    if machine["load_before"] > _BUSY * machine["cores"]:
        say(f"other work is running (load {machine['load_before']}): ratios will spread more")
    try:
        with recorder(folder) as records, running_upstream() as upstream:
            for name, opened in find(plan.targets):
                try:
                    with opened(plan, upstream, say) as target:
                        notes["settings"][name] = dict(target.settings)
                        measure(target, name, plan, records, say)
                except FAILURES as error:
                    notes["missing"][name] = str(error) or repr(error)
                    say(f"{name} was not measured to its end: {error}")
        notes["complete"] = not notes["missing"]
    finally:
        machine["load_after"] = circumstances.load()
        notes["took_s"] = round(time.monotonic() - began)
        save_run(folder, notes)
    return bool(notes["complete"])


def measure(target: Target, name: str, plan: Plan, records: Recorder, say: Say) -> None:
    """Measure every variant once per cell and round, each time beginning with another variant."""
    for round_ in range(1, plan.rounds + 1):
        for place, cell in enumerate(target.cells(round_)):
            variants = rotated(plan.variants, round_ + place)
            measured = [variant for variant in variants if not too_long(variant, cell)]
            say(f"{name}, round {round_} of {plan.rounds}: {_said(cell)}")
            for variant in measured:
                records.record(cell, variant, round_, target.measure(variant, cell))


def _said(cell: Cell) -> str:
    sizes = {
        "packages": cell.packages,
        "ms upstream": cell.latency_ms,
        "clients": cell.clients,
        "MB": cell.memory_mb,
    }
    said = [f"{value} {name}" for name, value in sizes.items() if value is not None]
    return ", ".join([cell.measure, *said])
