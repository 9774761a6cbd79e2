"""The queue of queries: its limit, its batches, and the moments that it tells."""

import datetime as dt
import random

import pytest

from pulse.names import PackageName
from pulse.questions import Breakdown, Kind, Question, View
from pulse_io.sources.query_queue import (
    HOUR_S,
    MAX_WAITING,
    RUNNING_S,
    STORING_S,
    WAITING_S,
    QueryQueue,
)

KINDS = [
    Kind(Breakdown.VERSION, View()),
    Kind(Breakdown.COUNTRY, View(start=dt.date(2026, 1, 1), version='1.0"é')),
    Kind(Breakdown.OVERALL, View(period="all")),
]


def capacity(kind: Kind) -> int:
    return 3 if kind == KINDS[0] else 250


def asked(number: int, kind: Kind = KINDS[0]) -> Question:
    return Question(PackageName.parse(f"package-{number}"), *kind)


def exhausted(per_hour: int, now: float = 0) -> QueryQueue:
    """A queue with all queries that may be made at once used up, and answered."""
    queue = QueryQueue(per_hour)
    for number in range(10**4):
        queue, batches = queue.taken([asked(-number)], capacity, now)
        if not batches:
            return QueryQueue(per_hour, used_until=queue.used_until)
        for batch in batches:
            queue = queue.failed(batch, 0)
    raise AssertionError("no limit")


@pytest.mark.parametrize("per_hour", [1, 2, 3, 4, 7, 40, 60])
def test_no_hour_has_more_queries(per_hour: int, pytestconfig: pytest.Config) -> None:
    """Whenever they are asked for. The limit is made full use of, too."""
    chance = random.Random(int(pytestconfig.option.hypothesis_seed))  # noqa: S311 - not a secret
    queue, made, now = QueryQueue(per_hour), [], 0.0
    for number in range(20 * per_hour):
        queue, batches = queue.at(now).taken([asked(number, KINDS[2])], capacity, now)
        made += [now] * len(batches)
        now += chance.choice([0, 0.1, 1, HOUR_S / per_hour, chance.uniform(0, HOUR_S)])
    most = max(sum(begin <= at < begin + HOUR_S - 0.001 for at in made) for begin in made)
    assert most <= per_hour


@pytest.mark.parametrize("per_hour", [1, 4, 40])
def test_full_use_of_the_limit(per_hour: int) -> None:
    queue, made, now = QueryQueue(per_hour), 0, 0.0
    while now < HOUR_S:
        queue, batches = queue.at(now).taken([asked(int(now * 10))], capacity, now)
        made += len(batches)
        now += 1
    assert made == per_hour


def test_question_joins_the_batch_of_its_kind() -> None:
    queue = exhausted(4).wanted(
        [asked(1), asked(2, KINDS[1]), asked(3), asked(1), asked(4), asked(5)], capacity, 0
    )
    names = [[int(name.split("-")[1]) for name in batch.packages] for batch in queue.waiting]
    assert names == [[1, 3, 4], [2], [5]]


def test_moments_are_true() -> None:
    """Whoever comes at the moment that was told finds the query made, or makes it."""
    queue = exhausted(4)
    questions = [asked(1), asked(2, KINDS[1]), asked(3, KINDS[2])]
    moments = []
    for question in questions:
        queue = queue.wanted([question], capacity, 0)
        moments.append(queue.moment(question, capacity, 0))
    assert moments == [900, 1800, 2700]
    for question, moment in zip(questions, moments, strict=True):
        queue, batches = queue.at(moment).taken([question], capacity, moment)
        assert [batch.questions for batch in batches] == [[question]]


def test_late_client_takes_all_older_batches() -> None:
    """Nobody came for them at their moments."""
    queue = exhausted(8).wanted([asked(1), asked(2, KINDS[1])], capacity, 0)
    queue, batches = queue.taken([asked(2, KINDS[1])], capacity, 3600)
    assert [batch.questions[0] for batch in batches] == [asked(1), asked(2, KINDS[1])]


def test_running_question_is_not_taken_again() -> None:
    queue, (batch,) = QueryQueue(40).taken([asked(1)], capacity, 0)
    assert queue.taken([asked(1)], capacity, 1) == (queue, [])
    answered = queue.answered(batch, "2026-11-21", 2)
    assert answered.at(2 + STORING_S - 0.1).is_running(asked(1))
    assert not answered.at(2 + STORING_S).is_running(asked(1))
    assert (answered.newest, answered.checked_at) == ("2026-11-21", 2)


def test_lost_query_is_taken_again() -> None:
    queue, _ = QueryQueue(40).taken([asked(1)], capacity, 0)
    _, batches = queue.at(RUNNING_S).taken([asked(1)], capacity, RUNNING_S)
    assert len(batches) == 1


def test_failed_query_closes_the_queue() -> None:
    queue, (batch,) = QueryQueue(40).taken([asked(1)], capacity, 0)
    queue = queue.failed(batch, 10)
    assert not queue.is_running(asked(1))
    assert queue.moment(asked(1), capacity, 3) == 10
    assert queue.taken([asked(1)], capacity, 9)[1] == []
    assert len(queue.taken([asked(1)], capacity, 10)[1]) == 1


def test_too_many_batches_are_not_kept() -> None:
    questions = [asked(1, Kind(Breakdown.VERSION, View(limit=one))) for one in range(1, 100)]
    queue = exhausted(40).wanted(questions, capacity, 0)
    assert len(queue.waiting) == MAX_WAITING
    assert not queue.is_waiting(questions[-1])
    assert queue.moment(questions[-1], capacity, 0) > queue.moment(questions[29], capacity, 0)


def test_forgotten_batch_is_dropped() -> None:
    queue = exhausted(4).wanted([asked(1)], capacity, 0)
    assert queue.at(WAITING_S).waiting == ()


def test_queue_survives_packing() -> None:
    queue, _ = exhausted(40).taken([asked(1)], capacity, 200.125)
    queue = queue.wanted([asked(2, kind) for kind in KINDS], capacity, 200.125)
    queue = queue.answered(queue.running[0], "2026-11-21", 201.5)
    assert QueryQueue(40).unpack(queue.pack()) == queue


def test_no_limit() -> None:
    queue = QueryQueue(0)
    for number in range(100):
        queue, batches = queue.taken([asked(number)], capacity, 0)
        assert len(batches) == 1
