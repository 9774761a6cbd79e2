"""Whether two runs agree: the ratios of one within the spread of the other."""

from collections.abc import Sequence
from dataclasses import dataclass

from . import figures
from .comparisons import Answer
from .measured import Cell, Metric
from .results import Results
from .samples import Variant
from .verdict import all_ratios

Address = tuple[Metric, int, Variant, Cell, Variant]


@dataclass(frozen=True, slots=True)
class Pair:
    """One ratio as two runs have it."""

    first: Answer
    second: Answer

    @property
    def agrees(self) -> bool:
        """Whether the spread of one reaches into the spread of the other, as both are printed."""
        one, other = self.first.ratio, self.second.ratio
        return _printed(one.low) <= _printed(other.high) and _printed(other.low) <= _printed(
            one.high
        )

    def __str__(self) -> str:
        """What is compared, and both ratios."""
        question, cell = self.first.question, self.first.cell
        where = ", ".join(
            f"{name} {value}"
            for name, value in (
                ("memory", cell.memory_mb),
                ("packages", cell.packages),
                ("clients", cell.concurrency),
                ("latency", cell.latency_ms),
            )
            if value is not None
        )
        ratios = " and ".join(figures.ratio(one.ratio).text for one in (self.first, self.second))
        return f"{question.label}, `{self.first.variant}`{f' ({where})' if where else ''}: {ratios}"


def _printed(value: float) -> float:
    return float(figures.number(value))


def pairs(first: Results, second: Results) -> list[Pair]:
    """Every ratio that both runs have."""
    others = _by_address(second)
    return [
        Pair(answer, others[address])
        for address, answer in _by_address(first).items()
        if address in others
    ]


def _by_address(results: Results) -> dict[Address, Answer]:
    return {
        (
            one.question.metric,
            one.question.percent,
            one.question.reference,
            one.cell,
            one.variant,
        ): one
        for one in all_ratios(results.summary.measured)
    }


def told(found: Sequence[Pair]) -> str:
    """How many agree, and which do not."""
    disagree = [pair for pair in found if not pair.agrees]
    head = f"{len(found) - len(disagree)} of {len(found)} ratios agree within their printed spread."
    return "\n".join([head, *(f"does not: {pair}" for pair in disagree)])
