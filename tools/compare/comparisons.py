"""Two variants compared: the ratio of one metric in one cell."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from .measured import MEDIAN, Cell, Measured, Metric
from .samples import Variant
from .spread import Ratio, paired_ratio

REFERENCE: Final[Variant] = "fastapi"
"""What all others are divided by."""

WITH_TABLE: Final[Variant] = "fastapi-table"
"""FastAPI with the client of its table, as it is deployed; elsewhere no table takes part."""

Better = Literal["lower", "higher"]


@dataclass(frozen=True, slots=True)
class Question:
    """What is compared.

    Attributes:
        label: What it is called.
        metric: The metric.
        verb: What follows "`flask` …": "takes".
        amount: What follows the verb, with the ratio at {}: "{} times as long".
        better: Whether less or more of it is better.
        percent: Which percentile of a round's values stands for the round.
        steady: Whether no load on the machine moves it, so that one value is enough: the size of a
            file, memory, or what is decided by limits.
        reference: Which FastAPI the others are divided by.
        clients: Of how many clients at once it asks, where that was varied and not all count.
    """

    label: str
    metric: Metric
    verb: str
    amount: str
    better: Better = "lower"
    percent: int = MEDIAN
    steady: bool = False
    reference: Variant = REFERENCE
    clients: range | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """How many times what the question's reference needs another variant needs."""

    question: Question
    cell: Cell
    variant: Variant
    ratio: Ratio


def answers(question: Question, measured: Measured) -> Iterator[Answer]:
    """Every cell and every variant that can be compared with the question's reference.

    FastAPI with its table and without are no rivals: neither is compared with the other here.
    """
    metric, percent = question.metric, question.percent
    for cell in measured.cells(metric):
        if question.clients and cell.concurrency not in question.clients:
            continue
        reference = measured.by_round(metric, cell, question.reference, percent)
        for variant in measured.variants(cell, metric):
            if variant in {REFERENCE, WITH_TABLE}:
                continue
            ratio = paired_ratio(measured.by_round(metric, cell, variant, percent), reference)
            if ratio is not None:
                yield Answer(question, cell, variant, ratio)


def ratio_to_reference(
    measured: Measured, metric: Metric, cell: Cell, variant: Variant, percent: int = MEDIAN
) -> Ratio | None:
    """A variant's value divided by the reference's, round by round."""
    return paired_ratio(
        measured.by_round(metric, cell, variant, percent),
        measured.by_round(metric, cell, REFERENCE, percent),
    )
