"""A lookup that is over disturbs none that comes after it."""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Collection, Mapping

from pulse.names import PackageName
from pulse.problems import Problem, UpstreamProblem, UpstreamThrottled
from pulse.questions import Breakdown, Question
from pulse_io.catalogue import Catalogue
from pulse_io.settings import Settings
from pulse_io.sources import Answer, Ask

NOON = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
QUESTION = Question(PackageName.parse("requests"), Breakdown.OVERALL)
TURNS_OF_THE_LOOP = 30


class Throttled:
    """A source that never has a call to spare, and is a little slow to end."""

    breakdowns = frozenset(Breakdown)

    def __init__(self, turns: int) -> None:
        self._turns = turns

    async def refusals(
        self, _: Collection[Question], __: float, ___: Collection[Question]
    ) -> Mapping[Question, Problem]:
        return {}

    async def fetch(
        self, questions: Collection[Question], _: float, __: Ask, ___: Collection[Question] = ()
    ) -> AsyncIterator[tuple[Question, Answer]]:
        for question in questions:
            yield question, UpstreamThrottled(1)
        for _turn in range(self._turns):
            await asyncio.sleep(0)

    async def late(self, _: Question) -> Problem:
        raise AssertionError

    async def with_retry_after(
        self, _: Question, problem: UpstreamProblem, __: int
    ) -> UpstreamProblem:
        return problem

    async def aclose(self) -> None:
        """Nothing is open."""


def test_a_request_right_after_another_for_the_same_is_answered() -> None:
    async def ask(turns: int) -> None:
        source = Throttled(turns)
        catalogue = Catalogue(Settings.from_environ({}), source, None, lambda: NOON)
        for _ in range(2):
            answers = await catalogue.fetch_all([QUESTION])
            assert isinstance(answers[QUESTION], UpstreamThrottled)

    for turns in range(TURNS_OF_THE_LOOP):
        asyncio.run(ask(turns))
