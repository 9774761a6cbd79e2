"""Which loads there are in a round."""

from collections import Counter
from pathlib import Path

import pytest

from tools.compare.plan import VARIANTS, Plan
from tools.compare.server_arena.schedule import LONG_ROUNDS, turns, warm_up
from tools.compare.turns import rotated, typical_latency


def plan(latencies_ms: tuple[int, ...] = (200,), *, quick: bool = False) -> Plan:
    return Plan(("server",), VARIANTS, (1,), latencies_ms, (1, 10, 50), 3, quick, Path())


def test_every_variant_has_every_load_in_every_round() -> None:
    for round_ in (1, 2, 3):
        loads = Counter(
            (turn.asked, turn.clients, turn.variant) for turn in turns(plan(), 200, round_)
        )
        assert len(loads) == 2 * 3 * 3
        assert set(loads.values()) == {1}


def test_every_variant_goes_first_in_one_of_three_rounds() -> None:
    first = [next(turns(plan(), 200, round_)).variant for round_ in (1, 2, 3)]
    assert sorted(first) == sorted(VARIANTS)


def test_the_variants_take_turns_at_each_number_of_clients() -> None:
    loads = list(turns(plan(), 200, 1))
    for place in range(0, len(loads), 3):
        one_after_the_other = loads[place : place + 3]
        assert len({(turn.asked, turn.clients) for turn in one_after_the_other}) == 1


def test_the_longest_queues_are_left_out_of_later_rounds() -> None:
    last, later = (set(turns(plan(), 200, round_)) for round_ in (LONG_ROUNDS, LONG_ROUNDS + 1))
    assert {(turn.variant, turn.clients, turn.asked) for turn in last - later} == {
        ("flask", 50, "one package")
    }


def test_a_quick_round_has_the_same_loads_for_less_time() -> None:
    for full, quick in zip(turns(plan(), 200, 1), turns(plan(quick=True), 200, 1), strict=True):
        assert (quick.variant, quick.clients, quick.asked) == (
            full.variant,
            full.clients,
            full.asked,
        )
        assert quick.lasting_s < full.lasting_s


def test_a_server_that_serves_one_at_a_time_is_warmed_up_without_a_queue() -> None:
    clients = {turn.variant: turn.clients for turn in warm_up(plan())}
    assert clients == {"fastapi": 50, "flask": 1, "flask-threads": 50}


@pytest.mark.parametrize(
    ("latencies_ms", "typical"),
    [((50, 200, 500), 200), ((50, 100, 500), 100), ((500, 50), 500), ((30,), 30)],
)
def test_one_latency_is_the_articles_or_the_middle_one(
    latencies_ms: tuple[int, ...], typical: int
) -> None:
    assert typical_latency(plan(latencies_ms)) == typical


def test_rotating_keeps_the_order() -> None:
    assert [rotated("abc", by) for by in range(4)] == [
        ["a", "b", "c"],
        ["b", "c", "a"],
        ["c", "a", "b"],
        ["a", "b", "c"],
    ]
