"""Every variant has its turn in every round, in an order that changes."""

from functools import partial

from tools.compare.lambda_arena.rounds import take_turns
from tools.compare.lambda_arena.situation import Situation
from tools.compare.samples import Sample

VARIANTS = ("fastapi", "flask", "flask-threads")


def test_everyone_has_each_place_equally_often() -> None:
    orders = [turns(round_) for round_ in (1, 2, 3)]

    assert orders[0] == list(VARIANTS)
    assert [sorted(places) for places in zip(*orders, strict=True)] == [sorted(VARIANTS)] * 3


def turns(round_: int) -> list[str]:
    asked: list[str] = []

    def ask(variant: str) -> dict[str, float]:
        asked.append(variant)
        return {}

    take_turns(VARIANTS, round_, partial(Situation, "warm"), ask, lambda _: None)
    return asked


def test_what_came_of_a_turn_is_recorded_as_what_it_was_of() -> None:
    recorded: list[Sample] = []
    situation = partial(Situation, "warm", packages=1, latency_ms=50)

    take_turns(
        ("fastapi", "flask"), 2, situation, lambda name: {"client_ms": len(name)}, recorded.append
    )

    assert recorded == [
        Sample("lambda", "warm", "flask", "client_ms", 5, 2, packages=1, latency_ms=50),
        Sample("lambda", "warm", "fastapi", "client_ms", 7, 2, packages=1, latency_ms=50),
    ]
