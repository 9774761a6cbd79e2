"""What a million requests cost, from the billed duration and stated prices."""

from dataclasses import dataclass
from typing import Final

from . import figures
from .comparisons import REFERENCE
from .figures import Figure
from .measured import Cell, Measured, Metric
from .samples import Variant
from .spread import ByRound, paired_ratio
from .tables import KEYS, Table, finished

NAME: Final = "costs"
MB_PER_GB = 1024
MS_PER_S = 1000
MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Prices:
    """What AWS charges, in USD, without free tier and taxes."""

    known_on: str
    source: str
    region: str
    gb_second: dict[str, float]
    """By architecture."""
    million_requests: float
    million_gateway_requests: float

    @property
    def per_million(self) -> float:
        """What a million requests cost before they compute anything."""
        return self.million_requests + self.million_gateway_requests


PRICES: Final = Prices(
    known_on="2026-11-22",
    source=(
        "AWS's public price lists for Lambda and for API Gateway's HTTP APIs, first tier, as the authors "
        "knew them on that day; the machine that this was measured on could not look them up"
    ),
    region="us-east-1",
    gb_second={"x86_64": 0.0000166667, "arm64": 0.0000133334},
    million_requests=0.20,
    million_gateway_requests=1.00,
)

# Where billed durations come from, the best first: only the first was measured at several sizes.
SOURCES: Final = ("memory size", "fan-out", "warm")


def compute_per_million(billed_ms: float, memory_mb: int, gb_second: float) -> float:
    """USD for the compute of a million requests that are billed so long each."""
    return billed_ms / MS_PER_S * memory_mb / MB_PER_GB * gb_second * MILLION


def cost_table(measured: Measured, default_memory_mb: int, prices: Prices = PRICES) -> Table | None:
    """Costs by memory and architecture; `default_memory_mb` is what a function has by the template."""
    metrics = [Metric("lambda", source, "billed_ms") for source in SOURCES]
    metric = next((one for one in metrics if measured.cells(one)), None)
    if metric is None:
        return None
    header = ["memory, MB", KEYS["latency_ms"][0], "packages", "variant", "billed, ms"]
    for architecture in prices.gb_second:
        header += [f"compute {architecture}, USD", f"all {architecture}, USD"]
    header.append(f"all {next(iter(prices.gb_second))} ÷ {REFERENCE}")
    bill = _Bill(measured, metric, default_memory_mb, prices)
    rows = [
        bill.row(cell, variant)
        for cell in measured.cells(metric)
        for variant in measured.variants(cell, metric)
    ]
    return finished(NAME, "Cost of a million requests", _note(prices), header, rows)


@dataclass(frozen=True, slots=True)
class _Bill:
    """What makes a billed duration a cost."""

    measured: Measured
    metric: Metric
    default_memory_mb: int
    prices: Prices

    def row(self, cell: Cell, variant: Variant) -> tuple[Figure, ...]:
        memory_mb = cell.memory_mb or self.default_memory_mb
        asked = (memory_mb, cell.latency_ms, cell.packages)
        billed = self.measured.summary(self.metric, cell, variant)
        row = [*map(figures.setting, asked), Figure(variant), figures.middle(billed)]
        for gb_second in self.prices.gb_second.values():
            compute = compute_per_million(billed.median, memory_mb, gb_second)
            row += [figures.amount(compute), figures.amount(compute + self.prices.per_million)]
        paired = paired_ratio(self._all(cell, variant), self._all(cell, REFERENCE))
        row.append(figures.ratio(paired))
        return tuple(row)

    def _all(self, cell: Cell, variant: Variant) -> ByRound:
        """All costs by the first architecture's prices, round by round."""
        memory_mb = cell.memory_mb or self.default_memory_mb
        gb_second = next(iter(self.prices.gb_second.values()))
        return {
            round_: compute_per_million(billed_ms, memory_mb, gb_second) + self.prices.per_million
            for round_, billed_ms in self.measured.by_round(self.metric, cell, variant).items()
        }


def _note(prices: Prices) -> str:
    rates = ", ".join(f"{price:.10f} ({name})" for name, price in prices.gb_second.items())
    return (
        f"Prices in {prices.region}, as of {prices.known_on}: {rates} USD per GB-second, "
        f"{prices.million_requests:.2f} USD per million requests of Lambda and "
        f"{prices.million_gateway_requests:.2f} USD per million of API Gateway's HTTP API, free tier and "
        f"taxes left aside. Source: {prices.source}. arm64 was not measured: its duration is taken to be "
        "the same."
    )
