"""A round: every variant has its turn once, and each round is begun by another."""

from collections.abc import Callable, Sequence

from tools.compare.samples import Record, Variant
from tools.compare.turns import rotated

from .asking import Metrics
from .situation import Situation


def take_turns(
    variants: Sequence[Variant],
    round_: int,
    situation: Callable[[Variant, int], Situation],
    ask: Callable[[Variant], Metrics],
    record: Record,
) -> None:
    """Ask each variant once, and record what came of it.

    Args:
        variants: Who has a turn.
        round_: Which round it is, counted from 1.
        situation: What is measured, for a variant and the round.
        ask: Measures it.
        record: Takes the samples.
    """
    # Whoever goes first, or after the slowest, does so equally often: what one leaves behind in caches
    # and clocks falls on all.
    for variant in rotated(variants, by=round_ - 1):
        for sample in situation(variant, round_).samples(ask(variant)):
            record(sample)
