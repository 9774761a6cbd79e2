"""The core arena: which batches there are, and one short round for real."""

from pathlib import Path

import pytest

from tests.unit.tools.compare.leftovers import Leftovers
from tools.compare.core_arena import measure
from tools.compare.core_arena.schedule import Turn, calls, turns
from tools.compare.plan import VARIANTS, Plan
from tools.compare.samples import Sample


def plan(
    packages: tuple[int, ...] = (1, 5, 10, 25, 50), latency_ms: int = 200, *, quick: bool = False
) -> Plan:
    return Plan(("core",), VARIANTS, packages, (latency_ms,), (1,), 5, quick, Path())


@pytest.mark.parametrize(
    ("packages", "asked"),
    [((1, 5, 10, 25, 50), [1, 10, 50]), ((1, 10), [1, 10]), ((7,), [7]), ((50, 1), [1, 50])],
)
def test_the_smallest_the_middle_and_the_largest_size_are_called(
    packages: tuple[int, ...], asked: list[int]
) -> None:
    assert calls(plan(packages)) == asked


def test_a_long_queue_of_calls_is_run_in_three_rounds_alone() -> None:
    long = Turn("flask", 50)
    rounds = [long in turns(plan(), 200, round_) for round_ in range(1, 6)]
    assert rounds == [True, True, True, False, False]


def test_everything_else_is_run_in_every_round() -> None:
    rounds = [set(turns(plan(), 200, round_)) - {Turn("flask", 50)} for round_ in range(1, 6)]
    assert all(round_ == rounds[0] for round_ in rounds)
    assert {turn.variant for turn in rounds[0]} == {
        *VARIANTS,
        *(f"{variant}-pooled" for variant in VARIANTS),
    }


def test_a_quick_run_has_neither_controls_nor_long_queues() -> None:
    found = list(turns(plan(quick=True), 200, 1))
    assert {turn.variant for turn in found} == set(VARIANTS)
    assert Turn("flask", 50) not in found


def measured(short: Plan) -> list[Sample]:
    found: list[Sample] = []
    measure(short, found.append, lambda _: None)
    return found


def test_a_round_checks_every_result_and_leaves_no_process() -> None:
    leftovers = Leftovers()
    found = measured(plan((1, 3), 5, quick=True))
    assert {(one.variant, one.concurrency, one.metric) for one in found} == {
        (variant, size, metric)
        for variant in VARIANTS
        for size in (1, 3)
        for metric in ("client_ms", "limit_ms")
    }
    assert {(one.arena, one.measure, one.latency_ms) for one in found} == {("core", "fan-out", 5)}
    assert leftovers.commands() == []
