"""A finished lookup does not affect the next one."""

import asyncio
from collections.abc import AsyncIterator, Collection

from pulse.names import PackageName
from pulse.problems import UpstreamThrottled
from pulse.questions import Answer, Breakdown, Question
from pulse_io.catalogue import Catalogue
from pulse_io.settings import Settings
from pulse_io.sources import Ask
from tests.counts import NOON
from tests.unit.pulse_io.toy_sources import ToySource

QUESTION = Question(PackageName.parse("requests"), Breakdown.OVERALL)
TURNS_OF_THE_LOOP = 30


class Throttled(ToySource):
    """A source that always throttles, and takes a few turns of the event loop to end."""

    def __init__(self, turns: int) -> None:
        self._turns = turns

    async def fetch(
        self, questions: Collection[Question], _: float, __: Ask, ___: Collection[Question] = ()
    ) -> AsyncIterator[tuple[Question, Answer]]:
        for question in questions:
            yield question, UpstreamThrottled(1)
        for _turn in range(self._turns):
            await asyncio.sleep(0)


def test_back_to_back_requests_are_answered() -> None:
    """Wherever in the event loop the first one ends."""

    async def ask(turns: int) -> None:
        source = Throttled(turns)
        catalogue = Catalogue(Settings.from_environ({}), source, None, lambda: NOON)
        for _ in range(2):
            answers = await catalogue.fetch_all([QUESTION])
            assert isinstance(answers[QUESTION], UpstreamThrottled)

    for turns in range(TURNS_OF_THE_LOOP):
        asyncio.run(ask(turns))
