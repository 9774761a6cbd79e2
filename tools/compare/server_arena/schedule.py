"""Which loads there are in a round, in which order, and for how long."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from tools.compare.plan import Plan
from tools.compare.samples import Variant
from tools.compare.turns import rotated

Asked = Literal["one package", "no upstream"]

ONE_AT_A_TIME: Final[frozenset[Variant]] = frozenset({"flask"})
"""Whoever serves one request after the other."""

LONG_S: Final = 4
"""Where each client waits longer than this for its turn, `LONG_ROUNDS` have to do."""

LONG_ROUNDS: Final = 3

_MS_PER_S: Final = 1000
_FULL_S: Final[dict[Asked, float]] = {"one package": 0.6, "no upstream": 0.2}
_QUICK_S: Final[dict[Asked, float]] = {"one package": 0.5, "no upstream": 0.15}
_WARM_UP_S: Final = 0.3


@dataclass(frozen=True, slots=True)
class Turn:
    """One load: of one variant, from so many clients, for so long."""

    variant: Variant
    clients: int
    asked: Asked
    lasting_s: float


def turns(plan: Plan, latency_ms: int, round_: int) -> Iterator[Turn]:
    """The turns of a round, counted from 1: the variants take turns in going first."""
    for asked, lasting_s in (_QUICK_S if plan.quick else _FULL_S).items():
        for place, clients in enumerate(plan.concurrencies):
            for variant in rotated(plan.variants, round_ + place):
                turn = Turn(variant, clients, asked, lasting_s)
                if round_ <= LONG_ROUNDS or not _is_long(turn, latency_ms):
                    yield turn


def _is_long(turn: Turn, latency_ms: int) -> bool:
    queues = turn.variant in ONE_AT_A_TIME and turn.asked == "one package"
    return queues and turn.clients * latency_ms / _MS_PER_S > LONG_S


def warm_up(plan: Plan) -> list[Turn]:
    """The turns before the first round: all clients, so that every thread and connection is there."""
    most = max(plan.concurrencies)
    return [
        Turn(variant, 1 if variant in ONE_AT_A_TIME else most, asked, _WARM_UP_S)
        for variant in plan.variants
        for asked in _FULL_S
    ]
