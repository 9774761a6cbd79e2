"""The queue of queries in the table, changed by many environments at the same time."""

import asyncio

import pytest

from pulse.names import PackageName
from pulse.questions import Breakdown, Kind, Question, View
from pulse_io.sources.query_queue import Batch, QueryQueue
from pulse_io.sources.shared_queue import SharedQueue
from pulse_io.store.table import Table
from tests.dynamodb.environments import NOON, asking

pytestmark = pytest.mark.usefixtures("table")

KIND = Kind(Breakdown.VERSION, View(version='2.0"é'))
ENVIRONMENTS = 12


def capacity(_: Kind) -> int:
    return 250


def test_changes_of_many_environments_are_all_kept() -> None:
    """One query may be made: for the first question. All others wait in one batch."""
    questions = [
        Question(PackageName.parse(f"package-{number}"), *KIND) for number in range(ENVIRONMENTS)
    ]

    async def take(queue: SharedQueue, question: Question) -> list[Batch]:
        def taken(known: QueryQueue) -> tuple[QueryQueue, list[Batch]]:
            return known.taken([question], capacity, queue.clock())

        return await queue.change(taken)

    async def ask(table: Table) -> tuple[list[Batch], QueryQueue]:
        queues = [SharedQueue(table, 4, NOON.timestamp) for _ in questions]
        taken = await asyncio.gather(*map(take, queues, questions))
        await queues[0].refresh(0)
        return [batch for batches in taken for batch in batches], queues[0].queue

    taken, queue = asking(ask)
    assert len(taken) == 1
    assert queue.running == tuple(taken)
    (waiting,) = queue.waiting
    assert {*taken[0].questions, *waiting.questions} == set(questions)
