"""What was seen of a load, as samples."""

from collections import Counter
from pathlib import Path

from tools.compare.plan import VARIANTS, Plan
from tools.compare.samples import Sample
from tools.compare.server_arena.load import Outcome
from tools.compare.server_arena.observed import Observed, evenly, samples
from tools.compare.server_arena.schedule import Asked, Turn
from tools.compare.upstream_process import Calls

PLAN = Plan(("server",), VARIANTS, (1,), (200,), (10,), 5, quick=False, output=Path())


def seen(asked: Asked, outcome: Outcome) -> list[Sample]:
    turn = Turn("flask", 10, asked, 1)
    observed = Observed(outcome, Calls([201.0, 200.0, 290.0], 2), 0.5, 0.1)
    return list(samples(PLAN, turn, observed, round_=3, latency_ms=200))


def values(found: list[Sample], measure: str, metric: str) -> list[float]:
    return [one.value for one in found if (one.measure, one.metric) == (measure, metric)]


def outcome(*latencies_ms: float) -> Outcome:
    return Outcome(
        list(latencies_ms),
        asked=len(latencies_ms),
        asking_s=sum(latencies_ms) / 1000,
        answers=len(latencies_ms) + 1,
        errors=Counter({"status 503": 2}),
        cpu=0.3,
    )


def test_every_answer_that_waited_for_upstream_is_a_sample() -> None:
    found = seen("one package", outcome(210.0, 220.0, 240.0))
    assert values(found, "latency", "client_ms") == [210.0, 220.0, 240.0]
    assert values(found, "throughput", "requests_per_s") == [10 * 3 / 0.67]
    assert values(found, "latency", "errors") == [2]


def test_the_limit_of_an_answer_is_the_middle_of_the_calls_and_the_slowest_is_told_too() -> None:
    found = seen("one package", outcome(210.0))
    assert values(found, "latency", "limit_ms") == [201.0]
    assert values(found, "latency", "slowest_upstream_ms") == [290.0]
    assert values(found, "throughput", "upstream_connections") == [2]


def test_who_took_how_much_of_a_core_is_told() -> None:
    found = seen("one package", outcome(210.0))
    shares = [
        values(found, "throughput", f"{who}_cpu") for who in ("generator", "server", "upstream")
    ]
    assert shares == [[0.3], [0.5], [0.1]]


def test_samples_say_what_they_are_of() -> None:
    for one in seen("one package", outcome(210.0)):
        assert (one.arena, one.variant, one.round) == ("server", "flask", 3)
        assert (one.packages, one.latency_ms, one.concurrency) == (1, 200, 10)


def test_without_upstream_there_is_neither_a_limit_nor_a_latency_of_it() -> None:
    found = seen("no upstream", outcome(1.0))
    assert {one.measure for one in found} == {"no upstream"}
    assert {(one.packages, one.latency_ms, one.concurrency) for one in found} == {(None, None, 10)}
    assert not {"limit_ms", "upstream_cpu"} & {one.metric for one in found}


def test_of_thousands_of_answers_without_upstream_a_hundred_a_round_are_kept_in_five() -> None:
    found = seen("no upstream", outcome(*(float(n) for n in range(1, 2001))))
    kept = values(found, "no upstream", "client_ms")
    assert len(kept) == 100
    assert kept[:3] == [1.0, 21.0, 41.0]


def test_few_values_are_all_taken() -> None:
    assert evenly([3.0, 1.0], 2) == [3.0, 1.0]
