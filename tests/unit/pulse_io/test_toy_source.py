"""A second source, which counts the letters of a name, needs only its own class."""

import datetime as dt
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from pulse.daily_counts import DailyCounts
from pulse.names import PackageName
from pulse.problems import UnknownPackage, UpstreamProblem, UpstreamTooSlow
from pulse.questions import Answer, Breakdown, Question
from pulse_io.catalogue import Catalogue
from pulse_io.settings import Settings
from pulse_io.sources import Ask
from tests.clocks import Clock
from tests.counts import NOON, YESTERDAY, counts_of
from tests.unit.pulse_io.simulated.loop import SimulatedLoop
from tests.unit.pulse_io.toy_sources import ToySource

DAY = dt.timedelta(days=1)


class LettersSource(ToySource):
    """Knows names of at most eight letters, takes 250 per call, and its answers go stale at midnight."""

    def __init__(self) -> None:
        self.batches: list[list[Question]] = []
        self.failure: UpstreamProblem | None = None

    async def fetch(
        self, questions: Collection[Question], _: float, __: Ask, ___: Collection[Question] = ()
    ) -> AsyncIterator[tuple[Question, Answer]]:
        self.batches.append(list(questions))
        for question in questions:
            yield question, self.failure or self.answer(question.package)

    def answer(self, name: PackageName) -> Answer:
        if len(name) > 8:
            return UnknownPackage.named(name)
        counts = counts_of({("letters", YESTERDAY): len(name)})
        return replace(counts, fresh_until=NOON + DAY / 2)


Run = Callable[[Coroutine[Any, Any, dict[Question, Answer]]], dict[Question, Answer]]


def questions_about(*names: str) -> list[Question]:
    return [Question(PackageName.parse(name), Breakdown.OVERALL) for name in names]


@pytest.fixture
def run() -> Iterator[Run]:
    loop = SimulatedLoop()
    yield loop.run_until_complete
    loop.close()


def totals(answers: Mapping[Question, Answer]) -> list[object]:
    return [
        sum(count for _, _, count in answer.rows())
        if isinstance(answer, DailyCounts)
        else type(answer)
        for answer in answers.values()
    ]


def test_set_of_questions_is_one_batch(run: Run) -> None:
    source, clock = LettersSource(), Clock(NOON)
    catalogue = Catalogue(Settings.from_environ({}), source, None, clock)
    questions = questions_about("six", "flask", "no-such-package")
    assert totals(run(catalogue.fetch_all(questions))) == [3, 5, UnknownPackage]
    assert source.batches == [questions]


def test_fresh_answers_are_not_fetched_again(run: Run) -> None:
    source, clock = LettersSource(), Clock(NOON)
    catalogue = Catalogue(Settings.from_environ({}), source, None, clock)
    run(catalogue.fetch_all(questions_about("six")))
    run(catalogue.fetch_all(questions_about("six", "idna")))
    clock.now += DAY / 2
    run(catalogue.fetch_all(questions_about("six")))
    assert source.batches == [
        questions_about("six"),
        questions_about("idna"),
        questions_about("six"),
    ]


def test_failing_source_serves_stale_counts(run: Run) -> None:
    source, clock = LettersSource(), Clock(NOON)
    catalogue = Catalogue(Settings.from_environ({}), source, None, clock)
    run(catalogue.fetch_all(questions_about("six")))
    source.failure = UpstreamTooSlow()
    clock.now += DAY
    known, unknown = run(catalogue.fetch_all(questions_about("six", "idna"))).values()
    assert isinstance(known, DailyCounts)
    assert known.stale
    assert isinstance(unknown, UpstreamTooSlow)
    assert unknown.retry_after_s == 10
