import pytest

from tools.compare.comparisons import WITH_TABLE, Answer, Better, Question
from tools.compare.judgement import Outcome, is_sure, judge
from tools.compare.measured import Cell, Measured, Metric
from tools.compare.samples import Sample
from tools.compare.spread import Ratio, coverage
from tools.compare.verdict import line_on, verdicts

TIME = Question("Duration", Metric("lambda", "fan-out", "duration_ms"), "takes", "{} times as long")
RATE = Question(
    "Rate", Metric("server", "throughput", "requests_per_s"), "answers", "{} times", "higher"
)


def ratio(low: float, median: float, high: float, n: int = 5) -> Ratio:
    return Ratio(median, low, high, low, high, coverage=coverage(n), n=n)


@pytest.mark.parametrize(
    ("measured", "better", "outcome"),
    [
        (ratio(1.2, 1.3, 1.4), "lower", Outcome.FASTAPI),
        (ratio(0.6, 0.7, 0.8), "lower", Outcome.OTHER),
        (ratio(1.2, 1.3, 1.4), "higher", Outcome.OTHER),
        (ratio(0.6, 0.7, 0.8), "higher", Outcome.FASTAPI),
        # Surely another, but by less than anyone notices.
        (ratio(1.01, 1.02, 1.03), "lower", Outcome.SAME),
        (ratio(0.97, 0.98, 0.99), "lower", Outcome.SAME),
        (ratio(1.02, 1.04, 1.2), "lower", Outcome.SAME),
        # Surely not another.
        (ratio(0.98, 1.0, 1.02), "lower", Outcome.SAME),
        # It may be better or worse.
        (ratio(0.9, 1.3, 1.5), "lower", Outcome.UNTOLD),
        (ratio(0.5, 1.0, 2.0), "lower", Outcome.UNTOLD),
        # One round alone.
        (ratio(3, 3, 3, n=1), "lower", Outcome.UNTOLD),
    ],
)
def test_the_spread_and_the_size_of_a_ratio_decide(
    measured: Ratio, better: Better, outcome: Outcome
) -> None:
    assert judge(measured, better) is outcome


@pytest.mark.parametrize("better", ["lower", "higher"])
@pytest.mark.parametrize("median", [0.2, 0.9, 0.99, 1.0, 1.01, 1.2, 7.0])
def test_swapping_the_variants_swaps_the_winner(median: float, better: Better) -> None:
    swapped = {Outcome.FASTAPI: Outcome.OTHER, Outcome.OTHER: Outcome.FASTAPI}
    one = judge(ratio(median * 0.999, median, median * 1.001), better)
    other = judge(ratio(1 / (median * 1.001), 1 / median, 1 / (median * 0.999)), better)
    assert other is swapped.get(one, one)


@pytest.mark.parametrize(("rounds", "sure"), [(1, False), (4, False), (5, True), (20, True)])
def test_fewer_than_five_rounds_are_too_few_to_be_sure(rounds: int, sure: bool) -> None:
    assert is_sure(ratio(2, 2, 2, n=rounds)) is sure
    assert is_sure(ratio(2, 2, 2, n=rounds), steady=True)


def test_what_is_steady_needs_no_second_round() -> None:
    assert judge(ratio(0.5, 0.5, 0.5, n=1), "lower", steady=True) is Outcome.OTHER


def test_a_line_names_the_winner_and_by_how_much() -> None:
    line = line_on([answer(TIME, ratio(8.7, 8.9, 9.2))])

    assert line.text == "**FastAPI wins**: `flask` takes 8.90 [8.70…9.20] times as long."
    assert line.outcomes == {"FASTAPI": 1}


def test_a_line_against_the_thesis_is_said_in_the_same_way() -> None:
    line = line_on([answer(TIME, ratio(0.6, 0.7, 0.8))])
    assert line.text == "**`flask` wins**: `flask` takes 0.70 [0.60…0.80] times as long."


def test_a_line_on_several_cells_counts_them_and_names_the_ends() -> None:
    found = [
        answer(TIME, ratio(4, 5, 6), packages=5),
        answer(TIME, ratio(0.98, 1, 1.02), packages=1),
        answer(TIME, ratio(9, 10, 11), packages=10),
        answer(TIME, ratio(40, 50, 60), packages=50),
    ]

    assert line_on(found).text == (
        "**FastAPI wins in 3 of 4 cases**: `flask` takes 5.00 [4.00…6.00] times as long (packages 5), "
        "up to 50.0 [40.0…60.0] times as long (packages 50). "
        "**It makes no difference in 1 of 4 cases**: `flask` takes 1.00 [0.98…1.02] times as long "
        "(packages 1)."
    )


def test_a_ratio_of_fewer_rounds_than_the_others_says_so() -> None:
    line = line_on(
        [answer(RATE, ratio(0.1, 0.2, 0.3, n=2)), answer(RATE, ratio(0.4, 0.5, 0.6, n=5))]
    )

    assert (line.rounds, line.outcomes) == (5, {"FASTAPI": 2})
    assert line.text == (
        "**FastAPI wins in 1 of 2 cases**: `flask` answers 0.50 [0.40…0.60] times. "
        "**FastAPI wins in 1 of 2 cases, as far as so few rounds can tell**: "
        "`flask` answers 0.20 [0.10…0.30] (rounds: 2) times."
    )


def test_fastapi_with_its_table_is_a_reference_and_no_rival() -> None:
    samples = [
        sample(variant, round_, value)
        for variant, value in (("fastapi", 800), ("flask", 600), (WITH_TABLE, 1200))
        for round_ in range(1, 6)
    ]
    [cold] = [one for one in verdicts(Measured(samples)) if one.name == "cold-start"]

    assert [(line.variant, line.text) for line in cold.lines] == [
        ("flask", "**`flask` wins**: `flask` takes 0.75 times as long."),
        ("flask", "**`flask` wins**: `flask` takes 0.50 times as long."),
    ]
    assert "as deployed" in cold.lines[1].label


def sample(variant: str, round_: int, value: float) -> Sample:
    return Sample("lambda", "cold start, no upstream", variant, "duration_ms", value, round_)


def answer(question: Question, measured: Ratio, packages: int | None = None) -> Answer:
    return Answer(question, Cell(packages=packages), "flask", measured)
