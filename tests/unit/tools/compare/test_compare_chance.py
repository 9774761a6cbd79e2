"""How often two runs of the same thing disagree by chance, and when it is more than that."""

from itertools import combinations

import pytest

from tests.unit.tools.compare.test_compare_judgement import TIME, answer, ratio
from tools.compare.agreement import Pair, as_chance_has_it
from tools.compare.spread import apart_by_chance, most_left_out


def brackets_apart(one: list[int], other: list[int]) -> bool:
    (low, high), (other_low, other_high) = (
        (ranks[most_left_out(len(ranks))], ranks[-1 - most_left_out(len(ranks))])
        for ranks in (one, other)
    )
    return high < other_low or other_high < low


@pytest.mark.parametrize(("rounds", "others"), [(2, 2), (3, 3), (3, 4), (5, 5), (9, 9), (9, 7)])
def test_it_is_the_part_of_all_orders_in_which_the_brackets_do_not_meet(
    rounds: int, others: int
) -> None:
    everything = range(rounds + others)
    orders = [
        (list(one), [rank for rank in everything if rank not in one])
        for one in combinations(everything, rounds)
    ]
    apart = sum(brackets_apart(one, other) for one, other in orders)
    assert apart_by_chance(rounds, others) == pytest.approx(apart / len(orders))


def pair(first: float, second: float) -> Pair:
    """Two ratios of five rounds each, whose brackets reach a tenth to both sides."""
    one, other = (
        answer(TIME, ratio(median - 0.1, median, median + 0.1, n=5)) for median in (first, second)
    )
    return Pair(one, other)


def test_one_of_a_hundred_may_disagree_and_ten_may_not() -> None:
    alike, apart = pair(1, 1), pair(1, 2)
    assert as_chance_has_it([alike] * 100)
    assert as_chance_has_it([*[alike] * 99, apart])
    assert not as_chance_has_it([*[alike] * 90, *[apart] * 10])
