"""A verdict by situation: the words follow from the numbers."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from . import figures
from .comparisons import Answer, answers
from .figures import Figure
from .judgement import Outcome, is_sure, judge
from .measured import Cell, Measured
from .situations import SITUATIONS, Situation

UNSURE: Final = ", as far as so few rounds can tell"


@dataclass(frozen=True, slots=True)
class Line:
    """What is said about one question and one variant.

    Attributes:
        label: What was compared.
        variant: With FastAPI's.
        rounds: Of how many rounds the ratios are, where they do not say otherwise.
        text: Who wins, and by how much.
        outcomes: How many cells have which outcome, by its name.
        figures: The numbers of the text.
    """

    label: str
    variant: str
    rounds: int
    text: str
    outcomes: dict[str, int]
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is said about one situation."""

    name: str
    title: str
    lines: tuple[Line, ...]


def verdicts(measured: Measured) -> list[Verdict]:
    """A verdict on every situation of which something was measured."""
    made = (_verdict(situation, measured) for situation in SITUATIONS)
    return [verdict for verdict in made if verdict.lines]


def all_ratios(measured: Measured) -> Iterator[Answer]:
    """Every ratio that a verdict rests on."""
    for situation in SITUATIONS:
        for question in situation.questions:
            yield from answers(question, measured)


def _verdict(situation: Situation, measured: Measured) -> Verdict:
    lines = []
    for question in situation.questions:
        by_variant: dict[str, list[Answer]] = {}
        for answer in answers(question, measured):
            by_variant.setdefault(answer.variant, []).append(answer)
        lines += [line_on(answered) for answered in by_variant.values()]
    return Verdict(situation.name, situation.title, tuple(lines))


def line_on(answered: Sequence[Answer]) -> Line:
    """The words on one question and one variant, in all cells, of which there is at least one."""
    question, variant = answered[0].question, answered[0].variant
    found_of: dict[tuple[Outcome, bool], list[Answer]] = {}
    for answer in answered:
        outcome = judge(answer.ratio, question.better, steady=question.steady)
        sure = outcome is Outcome.UNTOLD or is_sure(answer.ratio, steady=question.steady)
        found_of.setdefault((outcome, sure), []).append(answer)
    rounds = max(answer.ratio.n for answer in answered)
    words, numbers = [], []
    for (outcome, sure), found in sorted(found_of.items(), key=_order):
        counted = _counted(len(found), len(answered))
        ends = _smallest_and_largest(found)
        ratios = [figures.of_fewer(figures.ratio(answer.ratio), rounds) for answer in ends]
        said = ", up to ".join(
            question.amount.format(figure.text) + _place(answer.cell, _varied(answered))
            for figure, answer in zip(ratios, ends, strict=True)
        )
        head = outcome.value.format(variant=variant) + counted.text + ("" if sure else UNSURE)
        words.append(f"**{head}**: `{variant}` {question.verb} {said}.")
        numbers += [counted, *ratios]
    outcomes = Counter[str]()
    for (outcome, _), found in found_of.items():
        outcomes[outcome.name] += len(found)
    return Line(question.label, variant, rounds, " ".join(words), dict(outcomes), tuple(numbers))


def _order(found: tuple[tuple[Outcome, bool], list[Answer]]) -> tuple[int, bool]:
    (outcome, sure), _ = found
    return list(Outcome).index(outcome), not sure


def _counted(found: int, of_all: int) -> Figure:
    text = f" in {found} of {of_all} cases" if of_all > 1 else ""
    return Figure(text, {"cases": found, "of": of_all})


def _smallest_and_largest(found: Sequence[Answer]) -> list[Answer]:
    ordered = sorted(found, key=lambda answer: answer.ratio.median)
    return ordered if len(ordered) == 1 else [ordered[0], ordered[-1]]


_KEYS: Final = {
    "memory_mb": "{} MB",
    "packages": "packages {}",
    "concurrency": "{} at once",
    "latency_ms": "upstream {} ms",
}


def _varied(answered: Sequence[Answer]) -> list[str]:
    return [key for key in _KEYS if len({getattr(one.cell, key) for one in answered}) > 1]


def _place(cell: Cell, varied: Sequence[str]) -> str:
    words = ", ".join(_KEYS[key].format(getattr(cell, key)) for key in varied)
    return f" ({words})" if words else ""
