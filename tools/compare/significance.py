"""Ratios with their spread, and which variants win."""

import functools
import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import pandas as pd
from scipy import stats

CONFIDENCE: Final = 0.95
NO_DIFFERENCE: Final = 1.05
"""Less than 5 % makes no difference to anyone, however certain it is."""
ENOUGH_ROUNDS: Final = 5


@dataclass(frozen=True, slots=True)
class Ratio:
    """The median of the ratios of all rounds, and its bootstrap interval from `low` to `high`."""

    median: float
    low: float
    high: float
    rounds: int

    def differs(self, *, exact: bool = False) -> bool:
        """Whether it differs from 1 by at least 5 %, and its interval leaves out 1.

        One round has no spread: it says nothing, unless its values are exact.
        """
        if self.rounds == 1 and not exact:
            return False
        return not _is_small(self.median) and not self.low <= 1 <= self.high

    def makes_no_difference(self, *, exact: bool = False) -> bool:
        """Whether the whole interval lies within 5 % of 1. One round says nothing about that either."""
        if self.rounds == 1 and not exact:
            return False
        return _is_small(self.low) and _is_small(self.high)


def _is_small(ratio: float) -> bool:
    return 1 / NO_DIFFERENCE < ratio < NO_DIFFERENCE


def paired_ratio(above: pd.Series, below: pd.Series) -> Ratio | None:
    """`above` divided by `below` within each round that has both; None if there is none.

    Both are indexed by round. A disturbance of the machine hits all variants of a round, so it hardly
    changes their ratio.
    """
    ratios = (above / below[below != 0]).dropna().to_numpy(dtype=float)
    if not ratios.size:
        return None
    median = float(np.median(ratios))
    return Ratio(median, *_interval(tuple(ratios)), ratios.size)


@functools.cache
def _interval(ratios: tuple[float, ...]) -> tuple[float, float]:
    if len(set(ratios)) == 1:
        return ratios[0], ratios[0]
    found = stats.bootstrap(
        (ratios,), np.median, confidence_level=CONFIDENCE, method="percentile", rng=0
    ).confidence_interval
    return float(found.low), float(found.high)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Who wins a case.

    Attributes:
        winners: The variants that no other beats.
        no_difference: Whether all lie within 5 % of each other, as far as the intervals tell.
    """

    winners: tuple[str, ...]
    no_difference: bool


def judge(
    by_variant: Mapping[str, pd.Series], better: Literal["lower", "higher"], *, exact: bool = False
) -> Verdict:
    """The verdict on a cell; values are indexed by round.

    One variant beats another if their ratio differs from 1, in the better direction.
    """
    beaten = set()
    no_difference = True
    for one, other in itertools.combinations(by_variant, 2):
        ratio = paired_ratio(by_variant[other], by_variant[one])
        no_difference &= ratio is not None and ratio.makes_no_difference(exact=exact)
        if ratio and ratio.differs(exact=exact):
            beaten.add(other if (ratio.median > 1) is (better == "lower") else one)
    return Verdict(tuple(one for one in by_variant if one not in beaten), no_difference)
