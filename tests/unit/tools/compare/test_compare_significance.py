"""Ratios, their intervals, and who wins by them."""

import pandas as pd
import pytest

from tools.compare.significance import Ratio, Verdict, judge, paired_ratio


def rounds(*values: float) -> pd.Series:
    return pd.Series(values, index=range(1, len(values) + 1), dtype=float)


def test_ratios_are_taken_within_rounds() -> None:
    # The third round was disturbed: both variants took ten times as long.
    found = paired_ratio(rounds(20, 22, 210, 20, 20), rounds(10, 11, 100, 10, 10))
    assert found
    assert found.median == pytest.approx(2)
    assert (found.low, found.high) == pytest.approx((2, 2.1))
    assert found.rounds == 5


def test_only_rounds_that_both_have_count() -> None:
    found = paired_ratio(rounds(2, 4, 6), rounds(1, 2))
    assert found
    assert found.rounds == 2


def test_without_a_common_round_there_is_no_ratio() -> None:
    assert paired_ratio(rounds(1), pd.Series([1.0], index=[7])) is None
    assert paired_ratio(rounds(1), rounds(0)) is None


def test_equal_ratios_have_no_spread() -> None:
    assert paired_ratio(rounds(2, 2, 2), rounds(1, 1, 1)) == Ratio(2, 2, 2, 3)


def test_the_interval_is_the_same_every_time() -> None:
    above, below = rounds(1, 5, 2, 8, 3, 9, 4), rounds(2, 7, 1, 8, 2, 8, 1)
    assert paired_ratio(above, below) == paired_ratio(above, below)


def test_the_interval_lies_within_the_ratios() -> None:
    found = paired_ratio(rounds(1, 2, 3, 4, 5), rounds(1, 1, 1, 1, 1))
    assert found
    assert 1 <= found.low <= found.median <= found.high <= 5


@pytest.mark.parametrize(
    ("ratio", "differs"),
    [
        (Ratio(1.2, 1.1, 1.3, 5), True),
        (Ratio(0.8, 0.7, 0.9, 5), True),
        (Ratio(1.2, 0.9, 1.3, 5), False),  # the interval has 1 in it
        (Ratio(1.03, 1.02, 1.04, 5), False),  # certain, and too little
        (Ratio(2, 2, 2, 1), False),  # one round has no spread
    ],
)
def test_a_difference_is_certain_and_large_enough(ratio: Ratio, *, differs: bool) -> None:
    assert ratio.differs() is differs


def test_an_exact_value_needs_one_round() -> None:
    assert Ratio(2, 2, 2, 1).differs(exact=True)
    assert Ratio(1, 1, 1, 1).makes_no_difference(exact=True)
    assert not Ratio(1, 1, 1, 1).makes_no_difference()


def test_flask_wins_what_it_wins() -> None:
    verdict = judge({"fastapi": rounds(3, 3, 3), "flask": rounds(1, 1, 1)}, "lower")
    assert verdict == Verdict(("flask",), no_difference=False)


def test_more_can_be_better() -> None:
    verdict = judge({"fastapi": rounds(3, 3, 3), "flask": rounds(1, 1, 1)}, "higher")
    assert verdict.winners == ("fastapi",)


def test_what_does_not_differ_from_the_best_wins_too() -> None:
    values = {"fastapi": rounds(10, 10), "flask": rounds(90, 90), "flask-threads": rounds(9.9, 9.9)}
    assert judge(values, "lower").winners == ("fastapi", "flask-threads")


def test_one_loss_is_enough_to_lose() -> None:
    # FastAPI's third round against the threads was disturbed; against Flask it lost every one.
    values = {
        "fastapi": rounds(13, 13, 13),
        "flask": rounds(10, 10, 10),
        "flask-threads": rounds(9.9, 9.9, 14),
    }
    assert judge(values, "lower").winners == ("flask", "flask-threads")


def test_a_wide_interval_is_no_proof_of_equality() -> None:
    verdict = judge({"fastapi": rounds(1, 2, 1), "flask": rounds(2, 1, 1)}, "lower")
    assert verdict == Verdict(("fastapi", "flask"), no_difference=False)


def test_within_five_percent_makes_no_difference() -> None:
    verdict = judge({"fastapi": rounds(100, 101), "flask": rounds(99, 99)}, "lower")
    assert verdict == Verdict(("fastapi", "flask"), no_difference=True)
