"""Who is better by a ratio, or whether it makes a difference at all."""

from enum import Enum
from typing import Final

from .comparisons import Better
from .spread import ENOUGH_ROUNDS, Ratio, coverage

NO_DIFFERENCE_PERCENT: Final = 5
"""What differs by less makes no difference to anyone, however surely it differs."""


class Outcome(Enum):
    """What a ratio to FastAPI's says; the value is how a verdict says it of a variant."""

    FASTAPI = "FastAPI wins"
    OTHER = "`{variant}` wins"
    SAME = "It makes no difference"
    UNTOLD = "No difference can be told"


def judge(ratio: Ratio, better: Better, *, steady: bool = False) -> Outcome:
    """Who is better by a ratio of another variant's value to FastAPI's.

    Nothing can be told from one round, which shows no spread; except of what is steady.
    """
    if ratio.n == 1 and not steady:
        return Outcome.UNTOLD
    if _is_small(ratio.low) and _is_small(ratio.high):
        return Outcome.SAME
    if ratio.low <= 1 <= ratio.high:
        return Outcome.UNTOLD
    if _is_small(ratio.median):
        return Outcome.SAME
    other_has_more = ratio.median > 1
    return Outcome.FASTAPI if other_has_more == (better == "lower") else Outcome.OTHER


def is_sure(ratio: Ratio, *, steady: bool = False) -> bool:
    """Whether there were rounds enough to rely on what `judge` says."""
    return steady or ratio.coverage >= coverage(ENOUGH_ROUNDS)


def _is_small(ratio: float) -> bool:
    most = 1 + NO_DIFFERENCE_PERCENT / 100
    return 1 / most < ratio < most
