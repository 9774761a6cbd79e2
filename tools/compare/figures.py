"""A number as it is printed, with the exact values that it was printed from."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace

from .spread import Ratio, Summary, coverage, most_left_out

NOTHING = "—"
"""What stands where nothing was measured."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A cell of a table.

    Attributes:
        text: What is printed.
        values: The exact values behind it, by name: such as `median`, `q1`, `q3` and `n`.
    """

    text: str
    values: dict[str, float] = field(default_factory=dict)


def number(value: float) -> str:
    """Three digits or more, and no more decimals than they need: 0.123, 1.23, 12.3, 1234."""
    size = abs(value)
    if size == 0 or size >= 99.95:  # noqa: PLR2004 - what rounds to three digits before the point
        return f"{value:.0f}"
    if size >= 9.995:  # noqa: PLR2004 - what rounds to two digits before the point
        return f"{value:.1f}"
    return f"{value:.2f}" if size >= 0.1 else f"{value:.3f}"  # noqa: PLR2004 - as above


def setting(value: int | None) -> Figure:
    """A whole number that was asked for."""
    return Figure(NOTHING) if value is None else Figure(str(value), {"value": value})


def amount(value: float) -> Figure:
    """A value that was worked out and has no spread of its own."""
    return Figure(number(value), {"value": value})


def middle(summary: Summary) -> Figure:
    """`median (quartile…quartile)`, the median alone where the quartiles print as it does."""
    median, q1, q3 = (number(value) for value in (summary.median, summary.q1, summary.q3))
    spread = "" if q1 == median == q3 else f" ({q1}…{q3})"
    return Figure(median + spread, asdict(summary))


def ratio(paired: Ratio | None) -> Figure:
    """`median [low…high]` of the rounds' ratios, alone where all of them print as one."""
    if paired is None:
        return Figure(NOTHING)
    median, low, high = (number(value) for value in (paired.median, paired.low, paired.high))
    spread = "" if low == median == high else f" [{low}…{high}]"
    return Figure(median + spread, asdict(paired))


def most_rounds(figures: Iterable[Figure]) -> int:
    """Of how many rounds most ratios among some figures are; 0 where there is no ratio."""
    return max((int(one.values["n"]) for one in figures if "coverage" in one.values), default=0)


def of_fewer(figure: Figure, rounds: int) -> Figure:
    """The figure, with its number of rounds where that is smaller than that of the others."""
    n = int(figure.values.get("n", 0))
    if "coverage" not in figure.values or n == rounds:
        return figure
    return replace(figure, text=f"{figure.text} (rounds: {n})")


def sureness(rounds: int) -> str:
    """How much the brackets of so many rounds are worth; nothing where there are none."""
    if rounds < 2:  # noqa: PLR2004 - one round has no brackets
        return ""
    sure = coverage(rounds, most_left_out(rounds))
    return f"Brackets: {rounds} rounds, {number(sure * 100)} % sure."


def total_of(values: Sequence[float]) -> Figure:
    """How often it was so, of how many times: of values that are 0 or 1."""
    return Figure(
        f"{number(sum(values))} of {len(values)}", {"total": sum(values), "n": len(values)}
    )


def each_of(values: Sequence[float]) -> Figure:
    """Every value that there was, once."""
    seen = sorted(set(values))
    return Figure(
        ", ".join(f"{value:g}" for value in seen),
        {f"value_{place}": value for place, value in enumerate(seen, start=1)},
    )
