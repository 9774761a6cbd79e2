import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.compare.spread import (
    Ratio,
    Summary,
    coverage,
    most_left_out,
    paired_ratio,
    percentile,
    summarise,
)

VALUES = st.floats(min_value=0.001, max_value=1e6)
ROUNDS = st.dictionaries(st.integers(1, 9), VALUES, min_size=1)


def test_a_summary_is_the_median_and_the_quartiles() -> None:
    assert summarise([4, 1, 3, 2, 5]) == Summary(median=3, q1=2, q3=4, n=5)


def test_quartiles_between_two_values_are_interpolated() -> None:
    assert summarise([10, 20]) == Summary(median=15, q1=12.5, q3=17.5, n=2)


def test_one_value_is_its_own_median_and_quartiles() -> None:
    assert summarise([7]) == Summary(median=7, q1=7, q3=7, n=1)


def test_a_percentile_is_interpolated() -> None:
    # 0 to 100 in steps of 25: the 95th percentile is four fifths of the way from 75 to 100.
    assert percentile([0, 25, 50, 75, 100], 95) == pytest.approx(95)


def test_ratios_are_made_round_by_round() -> None:
    # The machine is twice as slow in the third round, for both: no ratio notices.
    above, below = {1: 30.0, 2: 44.0, 3: 60.0}, {1: 10.0, 2: 11.0, 3: 20.0}
    assert paired_ratio(above, below) == Ratio(
        median=3, q1=3, q3=3.5, low=3, high=4, coverage=0.75, n=3
    )


def test_a_round_that_only_one_variant_has_makes_no_ratio() -> None:
    assert paired_ratio({1: 6, 2: 100}, {1: 2, 3: 1}) == Ratio(3, 3, 3, 3, 3, coverage=0, n=1)


@pytest.mark.parametrize("below", [{}, {2: 1.0}, {1: 0.0}])
def test_without_a_shared_round_or_with_nothing_to_divide_by_there_is_no_ratio(
    below: dict[int, float],
) -> None:
    assert paired_ratio({1: 5.0}, below) is None


@pytest.mark.parametrize(("rounds", "expected"), [(1, 0), (2, 0.5), (3, 0.75), (5, 0.9375)])
def test_more_rounds_make_the_spread_surer(rounds: int, expected: float) -> None:
    assert coverage(rounds) == expected


@pytest.mark.parametrize(
    ("rounds", "left_out", "expected"),
    # By hand: of 7 rounds, 16 of 128 throws of coins show at most one head or at most one tail.
    [(5, 0, 0.9375), (7, 0, 0.984375), (7, 1, 0.875), (8, 1, 0.9296875), (9, 1, 0.9609375)],
)
def test_leaving_out_the_ends_costs_sureness(rounds: int, left_out: int, expected: float) -> None:
    assert coverage(rounds, left_out) == expected


@pytest.mark.parametrize(("rounds", "expected"), [(1, 0), (2, 0), (5, 0), (8, 0), (9, 1), (20, 5)])
def test_no_more_is_left_out_than_leaves_it_as_sure_as_five_rounds(
    rounds: int, expected: int
) -> None:
    assert most_left_out(rounds) == expected


def test_of_many_rounds_one_accident_is_left_out() -> None:
    above = dict.fromkeys(range(1, 10), 2.0) | {10: 90.0}
    ratio = paired_ratio(above, dict.fromkeys(range(1, 11), 1.0))
    assert ratio is not None
    assert (ratio.low, ratio.high, ratio.n) == (2, 2, 10)


@given(above=ROUNDS, below=ROUNDS)
def test_a_ratio_and_its_inverse_have_inverse_spreads(
    above: dict[int, float], below: dict[int, float]
) -> None:
    one, other = paired_ratio(above, below), paired_ratio(below, above)
    if one is None or other is None:
        assert one is other
        return
    assert math.isclose(one.low, 1 / other.high)
    assert math.isclose(one.high, 1 / other.low)


@given(values=ROUNDS, factor=VALUES)
def test_what_disturbs_both_alike_changes_no_ratio(values: dict[int, float], factor: float) -> None:
    slowed = {round_: value * factor for round_, value in values.items()}
    ratio = paired_ratio(slowed, values)
    assert ratio is not None
    assert (ratio.low, ratio.high) == pytest.approx((factor, factor))


@given(st.lists(VALUES, min_size=1))
def test_the_middle_is_inside(values: list[float]) -> None:
    middle = summarise(values)
    inside = (min(values), middle.q1, middle.median, middle.q3, max(values))
    slack = 1e-9 * max(values)
    assert all(one <= next_ + slack for one, next_ in itertools.pairwise(inside))
