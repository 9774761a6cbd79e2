"""pypistats.org as a source: one unfiltered call for each question, and the newest day that it has loaded."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from dataclasses import replace
from functools import cache, partial
from typing import TYPE_CHECKING

import httpx

from pulse.as_of import GUESS_KEPT_FOR, is_known, needs_recent, with_all, with_recent
from pulse.daily_counts import DailyCounts
from pulse.names import ALL_OF_PYPI
from pulse.problems import Problem, UpstreamProblem
from pulse.pypistats import RECENT, read_answer, read_recent
from pulse.questions import ALL_OVERALL, Answer, Breakdown, Question
from pulse_io.clocks import Now
from pulse_io.settings import Settings
from pulse_io.sources import Ask
from pulse_io.sources.calls import Calls
from pulse_io.sources.health_check import HealthCheck
from pulse_io.sources.hold_off import HoldOff
from pulse_io.sources.permits import Permits
from pulse_io.sources.rate_limit import RateLimit
from pulse_io.sources.refusals import Refusals
from pulse_io.sources.upstream import Call, Upstream

if TYPE_CHECKING:
    import datetime as dt


class PypistatsSource:
    """pypistats.org, behind the port. Create one per process and use it on one event loop.

    `new_limit` creates the rate limit of an endpoint. `transport` replaces the network in tests.
    """

    def __init__(
        self,
        settings: Settings,
        new_limit: Callable[[str], RateLimit],
        now: Now,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._now = now
        self._newest: dt.date | None = None
        limit_of = cache(new_limit)
        self._upstream = Upstream(settings, now, transport)
        hold_off = HoldOff(self._upstream, now)
        health_check = HealthCheck(self._upstream, limit_of(RECENT))
        permits = Permits(settings.upstream_concurrency, health_check)
        self._calls = Calls(self._upstream, limit_of, hold_off, permits)
        self._refusals = Refusals(self._upstream, limit_of, hold_off)

    async def renewed(
        self,
        held: Mapping[Question, DailyCounts],  # noqa: ARG002 - pypistats.org tells nothing without a call
    ) -> Mapping[Question, DailyCounts]:
        """As `Source`."""
        return {}

    async def refusals(
        self, questions: Collection[Question], deadline: float, known: Collection[Question]
    ) -> Mapping[Question, Problem]:
        """As `Source`."""
        refused: dict[Question, Problem] = {}
        for question in questions:
            problem = await self._refusals.refusal(
                _call(question), deadline, priority=question in known
            )
            if problem:
                refused[question] = problem
        return refused

    async def fetch(
        self,
        questions: Collection[Question],
        deadline: float,
        ask: Ask,
        known: Collection[Question] = (),
    ) -> AsyncIterator[tuple[Question, Answer]]:
        """As `Source`."""
        tasks = [
            asyncio.create_task(self._answer(question, deadline, ask, is_known=question in known))
            for question in questions
        ]
        for answered in asyncio.as_completed(tasks):
            yield await answered

    async def late(self, question: Question) -> Problem:
        """As `Source`."""
        return await self._refusals.late(_call(question))

    async def with_retry_after(
        self, question: Question, problem: UpstreamProblem, kept_s: int
    ) -> UpstreamProblem:
        """As `Source`."""
        return await self._refusals.with_retry_after(_call(question), problem, kept_s)

    async def aclose(self) -> None:
        """As `Source`."""
        await self._upstream.aclose()

    async def _answer(
        self, question: Question, deadline: float, ask: Ask, *, is_known: bool
    ) -> tuple[Question, Answer]:
        try:
            counts = await self._calls.fetch(
                _call(question), deadline, partial(read_answer, question), priority=is_known
            )
            return question, await self._dated(question, counts, deadline, ask)
        except Problem as problem:
            return question, problem.without_traceback()

    async def _dated(
        self, question: Question, counts: DailyCounts, deadline: float, ask: Ask
    ) -> DailyCounts:
        """The counts as of the newest day that upstream has loaded for all packages.

        Raises:
            UnknownPackage: upstream does not know the package.
            UpstreamProblem: upstream failed.
        """
        if question == ALL_OVERALL:
            return await self._with_recent(counts, deadline)
        if not counts.counts:
            await self._check_package(question, deadline, ask)
        if not is_known(counts):
            answer = (await ask([ALL_OVERALL], deadline))[ALL_OVERALL]
            everything = None if isinstance(answer, Problem) else answer
            return with_all(counts, everything, self._now(), self._newest)
        self._newest = max(counts.as_of, self._newest or counts.as_of)
        return counts

    async def _with_recent(self, everything: DailyCounts, deadline: float) -> DailyCounts:
        """The counts of `__all__`, dated by upstream's own sums where needed; without them, by a guess."""
        if not needs_recent(everything):
            return everything
        try:
            recent = await self._calls.fetch(
                (ALL_OF_PYPI, RECENT), deadline, partial(read_recent, ALL_OF_PYPI)
            )
        except Problem:
            soon = self._now() + GUESS_KEPT_FOR
            return replace(everything, fresh_until=min(everything.fresh_until, soon))
        return with_recent(everything, recent)

    async def _check_package(self, question: Question, deadline: float, ask: Ask) -> None:
        """Raise a problem unless upstream has rows of the package on `overall`.

        The other endpoints have none for a package that is downloaded by mirrors only.
        """
        overall = question._replace(breakdown=Breakdown.OVERALL)
        answer = (await ask([overall], deadline))[overall]
        if isinstance(answer, Problem):
            raise answer


def _call(question: Question) -> Call:
    return question.package, question.breakdown
