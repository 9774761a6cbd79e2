"""What a handful of metrics were measured of, at once."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tools.compare.samples import Sample, Variant


@dataclass(frozen=True)
class Situation:
    """A `Sample` of this arena without its metric and value."""

    measure: str
    variant: Variant
    round: int
    packages: int | None = None
    latency_ms: int | None = None
    memory_mb: int | None = None

    def samples(self, metrics: Mapping[str, float]) -> Iterator[Sample]:
        """One sample for each metric, by its name."""
        for metric, value in metrics.items():
            yield Sample(
                arena="lambda",
                measure=self.measure,
                variant=self.variant,
                metric=metric,
                value=value,
                round=self.round,
                packages=self.packages,
                latency_ms=self.latency_ms,
                memory_mb=self.memory_mb,
            )
