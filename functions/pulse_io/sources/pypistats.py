"""pypistats.org as a source: a call for each question, whole endpoints, as of the day that it has loaded."""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeVar

from pulse.as_of import GUESS_KEPT_FOR, is_known, needs_recent, with_all, with_recent
from pulse.daily_counts import DailyCounts
from pulse.models import RecentDownloads
from pulse.names import ALL_OF_PYPI
from pulse.problems import (
    Problem,
    UpstreamProblem,
)
from pulse.pypistats import (
    RECENT,
    UpstreamAnswer,
    read_answer,
    read_recent,
)
from pulse.questions import Breakdown, Question
from pulse_io.clocks import Now
from pulse_io.sources import Answer, Ask
from pulse_io.sources.calls import Calls

if TYPE_CHECKING:
    import datetime as dt

ALL_OVERALL: Final = Question(ALL_OF_PYPI, Breakdown.OVERALL)

P = TypeVar("P", bound=Problem)


class PypistatsSource:
    """pypistats.org, behind the port. Make one per process and use it on one event loop."""

    breakdowns = frozenset(Breakdown)

    def __init__(self, calls: Calls, now: Now) -> None:
        self._calls = calls
        self._now = now
        self._seen: dt.date | None = None

    async def refusals(
        self, questions: Collection[Question], deadline: float, known: Collection[Question]
    ) -> Mapping[Question, Problem]:
        """As `Source`."""
        refused: dict[Question, Problem] = {}
        for question in questions:
            try:
                await self._calls.check(question, deadline, known=question in known)
            except UpstreamProblem as problem:
                refused[question] = _without_traceback(problem)
        return refused

    async def fetch(
        self,
        questions: Collection[Question],
        deadline: float,
        ask: Ask,
        known: Collection[Question] = (),
    ) -> AsyncIterator[tuple[Question, Answer]]:
        """As `Source`."""
        self._calls.known.update(known)
        tasks = {
            asyncio.create_task(self._answer(question, deadline, ask)): question
            for question in questions
        }
        pending = set(tasks)
        while pending:
            done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                self._calls.known.discard(tasks[task])
                yield tasks[task], task.result()

    async def late(self, question: Question) -> Problem:
        """As `Source`."""
        return await self._calls.late(question)

    async def with_retry_after(
        self, question: Question, problem: UpstreamProblem, kept_s: int
    ) -> UpstreamProblem:
        """As `Source`."""
        return await self._calls.with_retry_after(question, problem, kept_s)

    async def aclose(self) -> None:
        """As `Source`."""
        await self._calls.aclose()

    async def _answer(self, question: Question, deadline: float, ask: Ask) -> Answer:
        try:
            return await self._dated(question, deadline, ask)
        except Problem as problem:
            return _without_traceback(problem)

    async def _dated(self, question: Question, deadline: float, ask: Ask) -> DailyCounts:
        """Counts as of the day that upstream has loaded for all packages.

        Raises:
            UnknownPackage: upstream has nothing under that name.
            UpstreamProblem: it could not be used; see `pulse.problems` for the kinds.
        """
        counts = await self._counts(question, deadline)
        if question == ALL_OVERALL:
            return await self._with_recent(counts, deadline)
        if not counts.counts:
            await self._check_known(question, deadline, ask)
        if not is_known(counts):
            everything = (await ask([ALL_OVERALL], deadline))[ALL_OVERALL]
            told = everything if isinstance(everything, DailyCounts) else None
            return with_all(counts, told, self._now(), self._seen)
        self._seen = max(counts.as_of, self._seen or counts.as_of)
        return counts

    async def _with_recent(self, everything: DailyCounts, deadline: float) -> DailyCounts:
        """The counts of `__all__`; without upstream's sums, where these are needed, their day is a guess."""
        if not needs_recent(everything):
            return everything
        try:
            return with_recent(everything, await self._recent(deadline))
        except Problem:
            soon = self._now() + GUESS_KEPT_FOR
            return replace(everything, fresh_until=min(everything.fresh_until, soon))

    async def _check_known(self, question: Question, deadline: float, ask: Ask) -> None:
        """Raise the problem unless upstream has rows of the package on `overall`.

        Its other endpoints have none for a package that only mirrors download.
        """
        overall = question._replace(breakdown=Breakdown.OVERALL)
        answer = (await ask([overall], deadline))[overall]
        if isinstance(answer, Problem):
            raise answer

    async def _counts(self, question: Question, deadline: float) -> DailyCounts:
        def read(answer: UpstreamAnswer) -> DailyCounts:
            return read_answer(question, answer)

        return await self._calls.ask(question, deadline, read)

    async def _recent(self, deadline: float) -> RecentDownloads:
        """Upstream's own sums of the last days of `__all__`."""

        def read(answer: UpstreamAnswer) -> RecentDownloads:
            return read_recent(ALL_OF_PYPI, answer)

        return await self._calls.ask((ALL_OF_PYPI, RECENT), deadline, read)


def _without_traceback(problem: P) -> P:
    """The problem as a value: a traceback would keep the whole answer in memory."""
    problem.__cause__ = problem.__context__ = None
    return problem.with_traceback(None)
