"""Medians with their spread, and ratios paired by round."""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

ENOUGH_ROUNDS: Final = 5
"""Of so many, the smallest and the largest hold the true median with a probability of 94 %."""

ByRound = Mapping[int, float]
"""One value for each round."""


@dataclass(frozen=True, slots=True)
class Summary:
    """The middle of `n` values: their median, and the quartiles around it."""

    median: float
    q1: float
    q3: float
    n: int


@dataclass(frozen=True, slots=True)
class Ratio:
    """The ratios of two things in each of `n` rounds: their median, quartiles and spread.

    `low` to `high` holds the ratio's true median with a probability of `coverage`, whatever its
    distribution is. That it leaves out 1 is what the sign test asks for.
    """

    median: float
    q1: float
    q3: float
    low: float
    high: float
    coverage: float
    n: int


def summarise(values: Sequence[float]) -> Summary:
    """The median and quartiles of at least one value, with linear interpolation."""
    q1, median, q3 = _quantiles(values, 4)
    return Summary(median, q1, q3, len(values))


def percentile(values: Sequence[float], percent: int) -> float:
    """The value that `percent` of at least one value do not exceed, with linear interpolation."""
    return _quantiles(values, 100)[percent - 1]


def _quantiles(values: Sequence[float], parts: int) -> list[float]:
    if len(values) == 1:  # which Python refuses until 3.13
        return [*values] * (parts - 1)
    return statistics.quantiles(values, n=parts, method="inclusive")


def paired_ratio(above: ByRound, below: ByRound) -> Ratio | None:
    """`above` divided by `below` in each round that has both; None where there is no such round.

    What disturbs a machine disturbs both variants of a round, so that it leaves their ratio alone.
    """
    ratios = [above[round_] / below[round_] for round_ in above if below.get(round_)]
    if not ratios:
        return None
    middle = summarise(ratios)
    left_out = most_left_out(len(ratios))
    low, high = sorted(ratios)[left_out], sorted(ratios)[-1 - left_out]
    return Ratio(
        *(middle.median, middle.q1, middle.q3, low, high),
        coverage=coverage(middle.n, left_out),
        n=middle.n,
    )


def coverage(rounds: int, left_out: int = 0) -> float:
    """How probably the true median is between the ratios that so many are left out of at each end.

    It is not when so few are below it, or so few above: as few as of coins that show heads.
    """
    return 1 - 2 * sum(math.comb(rounds, heads) for heads in range(left_out + 1)) / 2.0**rounds


def apart_by_chance(rounds: int, others: int) -> float:
    """How probably the brackets of two measurements of the same thing do not meet, after so many rounds each.

    All orders of all ratios are equally likely then, whatever their distribution is.
    """
    return _below(rounds, others) + _below(others, rounds)


def _below(rounds: int, others: int) -> float:
    """How probably the bracket of the first lies below that of the others.

    It does where `inside` or more of the first come before the lowest of the others' bracket, which has
    `low` of its own below it.
    """
    low = most_left_out(others)
    inside = rounds - most_left_out(rounds)
    orders = sum(
        math.comb(before + low, low)
        * math.comb(rounds - before + others - low - 1, others - low - 1)
        for before in range(inside, rounds + 1)
    )
    return orders / math.comb(rounds + others, rounds)


def most_left_out(rounds: int) -> int:
    """How many ratios can be left out at each end, so that the rest is sure enough.

    The smallest and the largest of five rounds are; of many rounds they would only tell of accidents.
    """
    enough = coverage(ENOUGH_ROUNDS)
    return max((k for k in range((rounds - 1) // 2) if coverage(rounds, k) >= enough), default=0)
