"""Whether two runs agree: the ratios of one within the spread of the other."""

from collections.abc import Sequence
from dataclasses import dataclass

from . import figures, spread
from .comparisons import Answer
from .measured import Cell, Metric
from .results import Results
from .samples import Variant
from .verdict import all_ratios

SURPRISING = 0.05
"""What chance brings about less often than this, it does not explain."""

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

    @property
    def apart_by_chance(self) -> float:
        """How probably it would not, if both runs had measured just the same."""
        return spread.apart_by_chance(self.first.ratio.n, self.second.ratio.n)

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
    """Every ratio that both runs have with a spread: what was measured once has none to agree within."""
    others = _by_address(second)
    return [
        Pair(answer, others[address])
        for address, answer in _by_address(first).items()
        if address in others and min(answer.ratio.n, others[address].ratio.n) > 1
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


def as_chance_has_it(found: Sequence[Pair]) -> bool:
    """Whether no more of them disagree than two runs of the same thing may have by chance."""
    disagree = sum(not pair.agrees for pair in found)
    exactly = [1.0]  # how probably that many disagree, of those seen so far
    for pair in found:
        chance = pair.apart_by_chance
        exactly = [
            yes * chance + no * (1 - chance)
            for yes, no in zip([0.0, *exactly], [*exactly, 0.0], strict=True)
        ]
    return sum(exactly[disagree:]) >= SURPRISING


def told(found: Sequence[Pair]) -> str:
    """How many agree, which do not, and whether chance explains those."""
    disagree = [pair for pair in found if not pair.agrees]
    expected = sum(pair.apart_by_chance for pair in found)
    verdict = (
        "no more than chance explains" if as_chance_has_it(found) else "more than chance explains"
    )
    return "\n".join(
        [
            f"{len(found) - len(disagree)} of {len(found)} ratios agree within their printed spread.",
            f"Of two runs of the same thing, {figures.number(expected)} would not by chance: {verdict}.",
            *(f"does not: {pair}" for pair in disagree),
        ]
    )
