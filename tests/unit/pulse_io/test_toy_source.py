"""A second source needs nothing but its own file and the wiring: this one counts the letters of a name."""

import datetime as dt
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Iterator, Mapping
from typing import Any

import pytest

from pulse.daily_counts import DailyCounts
from pulse.names import PackageName
from pulse.problems import Problem, UnknownPackage, UpstreamProblem, UpstreamTooSlow
from pulse.questions import Breakdown, Question
from pulse_io.catalogue import Catalogue
from pulse_io.settings import Settings
from pulse_io.sources import Answer, Ask
from tests.unit.pulse_io.simulated.loop import SimulatedLoop

TODAY = dt.date(2026, 11, 22)
NOON = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


class LettersSource:
    """Knows packages of at most eight letters, a batch of 250 in one call, and goes stale at midnight."""

    breakdowns = frozenset({Breakdown.OVERALL})

    def __init__(self) -> None:
        self.batches: list[list[Question]] = []
        self.failure: UpstreamProblem | None = None

    async def refusals(
        self, _: Collection[Question], __: float, ___: Collection[Question]
    ) -> Mapping[Question, Problem]:
        return {}

    async def fetch(
        self, questions: Collection[Question], _: float, __: Ask, ___: Collection[Question] = ()
    ) -> AsyncIterator[tuple[Question, Answer]]:
        self.batches.append(list(questions))
        for question in questions:
            yield question, self.failure or self.answer(question.package)

    def answer(self, name: PackageName) -> Answer:
        if len(name) > 8:
            return UnknownPackage.named(name)
        counts = {"letters": [len(name)]}
        return DailyCounts(TODAY - DAY, counts, "simulated", NOON, TODAY - DAY, NOON + DAY / 2)

    async def late(self, _: Question) -> Problem:
        return UpstreamTooSlow()

    async def with_retry_after(
        self, _: Question, problem: UpstreamProblem, kept_s: int
    ) -> UpstreamProblem:
        return problem.after(kept_s)

    async def aclose(self) -> None:
        """Has nothing to close."""


class Clock:
    """A time of day that a test moves."""

    now = NOON

    def __call__(self) -> dt.datetime:
        return self.now


Run = Callable[[Coroutine[Any, Any, dict[Question, Answer]]], dict[Question, Answer]]


def asking(*names: str) -> list[Question]:
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
    source, clock = LettersSource(), Clock()
    catalogue = Catalogue(Settings.from_environ({}), source, None, clock)
    questions = asking("six", "flask", "no-such-package")
    assert totals(run(catalogue.fetch_all(questions))) == [3, 5, UnknownPackage]
    assert source.batches == [questions]


def test_answers_are_kept_until_they_are_stale(run: Run) -> None:
    source, clock = LettersSource(), Clock()
    catalogue = Catalogue(Settings.from_environ({}), source, None, clock)
    run(catalogue.fetch_all(asking("six")))
    run(catalogue.fetch_all(asking("six", "idna")))
    clock.now += DAY / 2
    run(catalogue.fetch_all(asking("six")))
    assert source.batches == [asking("six"), asking("idna"), asking("six")]


def test_counts_are_served_stale_when_the_source_fails(run: Run) -> None:
    source, clock = LettersSource(), Clock()
    catalogue = Catalogue(Settings.from_environ({}), source, None, clock)
    run(catalogue.fetch_all(asking("six")))
    source.failure = UpstreamTooSlow()
    clock.now += DAY
    known, unknown = run(catalogue.fetch_all(asking("six", "idna"))).values()
    assert isinstance(known, DailyCounts)
    assert known.stale
    assert isinstance(unknown, UpstreamTooSlow)
    assert unknown.retry_after_s == 10
