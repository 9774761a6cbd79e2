"""Samples, found again by what they are of."""

import statistics
from collections.abc import Iterable
from dataclasses import dataclass

from .plan import VARIANTS
from .samples import Arena, Sample, Variant
from .spread import ByRound, Summary, percentile, summarise

MEDIAN = 50


@dataclass(frozen=True, slots=True)
class Cell:
    """What was asked for, beside the variant: where it was not varied there is None."""

    latency_ms: int | None = None
    packages: int | None = None
    concurrency: int | None = None
    memory_mb: int | None = None

    @property
    def order(self) -> tuple[int, ...]:
        """What to sort by: what was not varied comes first."""
        parts = (self.memory_mb, self.latency_ms, self.packages, self.concurrency)
        return tuple(-1 if part is None else part for part in parts)


@dataclass(frozen=True, slots=True)
class Metric:
    """A value that is measured, and where."""

    arena: Arena
    measure: str
    name: str


Rounds = dict[int, list[float]]
"""The values of each round, in the order in which they were measured."""


class Measured:
    """All samples of a run."""

    def __init__(self, samples: Iterable[Sample]) -> None:
        self._cells: dict[Metric, dict[Cell, dict[Variant, Rounds]]] = {}
        for one in samples:
            cell = Cell(one.latency_ms, one.packages, one.concurrency, one.memory_mb)
            variants = self._cells.setdefault(_metric(one), {}).setdefault(cell, {})
            variants.setdefault(one.variant, {}).setdefault(one.round, []).append(one.value)

    def cells(self, *metrics: Metric) -> list[Cell]:
        """The cells that any of the metrics was measured in, the smallest first."""
        found = {cell for metric in metrics for cell in self._cells.get(metric, {})}
        return sorted(found, key=lambda cell: cell.order)

    def variants(self, cell: Cell, *metrics: Metric) -> list[Variant]:
        """The variants that any of the metrics was measured of, in their usual order."""
        found = {variant for metric in metrics for variant in self._variants(metric, cell)}
        usual = [variant for variant in VARIANTS if variant in found]
        return usual + sorted(found - set(usual))

    def rounds(self, metric: Metric, cell: Cell, variant: Variant) -> Rounds:
        """The values of each round; none where it was not measured."""
        return self._variants(metric, cell).get(variant, {})

    def _variants(self, metric: Metric, cell: Cell) -> dict[Variant, Rounds]:
        return self._cells.get(metric, {}).get(cell, {})

    def values(self, metric: Metric, cell: Cell, variant: Variant) -> list[float]:
        """The values of all rounds."""
        rounds = self.rounds(metric, cell, variant)
        return [value for round_ in sorted(rounds) for value in rounds[round_]]

    def summary(self, metric: Metric, cell: Cell, variant: Variant) -> Summary:
        """The middle of the values of all rounds, of which there must be one."""
        return summarise(self.values(metric, cell, variant))

    def by_round(
        self, metric: Metric, cell: Cell, variant: Variant, percent: int = MEDIAN
    ) -> ByRound:
        """A percentile of each round's values: their median where nothing else is asked for."""
        return {
            round_: statistics.median(values) if percent == MEDIAN else percentile(values, percent)
            for round_, values in sorted(self.rounds(metric, cell, variant).items())
        }


def _metric(sample: Sample) -> Metric:
    return Metric(sample.arena, sample.measure, sample.metric)
