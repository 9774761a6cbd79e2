"""Looks up daily counts: memory, then the table that all environments share, then the source.

Questions come as a set and are looked up as a set: one read of the table for all of them. What is wanted
more than once at the same time is fetched once, within an environment by sharing the lookup, across
environments by a lease in the table. When the source fails, the last good counts are served and say that
they are stale.
"""

import asyncio
import datetime as dt
import logging
import math
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import nullcontext, suppress
from typing import Final, NamedTuple

from pulse.account import Tier, account
from pulse.daily_counts import DailyCounts
from pulse.freshness import RETRY_LATE_AFTER, UNKNOWN_FOR
from pulse.plausibility import is_plausible
from pulse.problems import (
    Problem,
    UpstreamBroken,
    UpstreamProblem,
    UpstreamThrottled,
    UpstreamTooSlow,
)
from pulse.questions import Question
from pulse_io.settings import Settings
from pulse_io.sources import Answer, Source
from pulse_io.store.answers import FAILURE_KEPT_FOR, Failure, Kept
from pulse_io.store.memory import Memory
from pulse_io.store.rows import Rows

_log = logging.getLogger(__name__)

FIRST_PAUSE_S: Final = 0.125
LONGEST_PAUSE_S: Final = 1.0
"""Between two looks at what other environments are fetching: each look costs a read."""

Now = Callable[[], dt.datetime]
"""The time of day, UTC."""


class Found(NamedTuple):
    """An answer, and where it was found."""

    answer: Answer
    tier: Tier


class _Lookup(NamedTuple):
    """A lookup under way that others can share, and its deadline."""

    found: asyncio.Future[Found]
    deadline: float


class Catalogue:
    """Answers questions. With `CACHE=off` every one goes to the source; `rows` is None without a table.

    Make one per process and use it on one event loop.
    """

    def __init__(self, settings: Settings, source: Source, rows: Rows | None, now: Now) -> None:
        self.now = now
        self._settings = settings
        self._source = source
        self._rows = rows
        self._memory = Memory()
        self._lookups: dict[Question, _Lookup] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def fetch(self, question: Question) -> DailyCounts:
        """The answer to one question, within `DEADLINE_S`.

        Raises:
            UnknownPackage: the source has nothing under that name.
            UpstreamProblem: the source could not be used, and no counts are held.
        """
        answer = (await self.fetch_all([question]))[question]
        if isinstance(answer, Problem):
            raise answer
        return answer

    async def fetch_all(self, questions: Iterable[Question]) -> dict[Question, Answer]:
        """The answers to a request's questions, all within one `DEADLINE_S`.

        A question that can't be answered has its problem as its answer and disturbs no other.
        """
        deadline = asyncio.get_running_loop().time() + self._settings.deadline_s
        distinct = list(dict.fromkeys(questions))
        found = await self._find(distinct, deadline)
        for answer, tier in found.values():
            if isinstance(answer, Problem):
                account().missed(answer)
            else:
                account().had(answer, tier, self.now())
        answers = await asyncio.gather(
            *(self._told(question, found[question].answer) for question in distinct)
        )
        return dict(zip(distinct, answers, strict=True))

    async def aclose(self) -> None:
        """Close the connections to the source and to the table."""
        await self._source.aclose()
        if self._rows:
            await self._rows.aclose()

    async def _told(self, question: Question, answer: Answer) -> Answer:
        """The answer as a client is told it: a problem says when to come back."""
        if not isinstance(answer, UpstreamProblem):
            return answer
        failure = self._memory.failure(question, self.now())
        kept_s = (failure.fresh_until - self.now()).total_seconds() if failure else 0
        return await self._source.with_retry_after(question, answer, math.ceil(kept_s))

    async def _ask(
        self, questions: Collection[Question], deadline: float
    ) -> Mapping[Question, Answer]:
        """As `pulse_io.sources.Ask`."""
        found = await self._find(questions, deadline)
        return {question: one.answer for question, one in found.items()}

    async def _find(
        self, questions: Collection[Question], deadline: float
    ) -> dict[Question, Found]:
        if self._settings.cache == "off":
            return await self._fetch_anew(questions, deadline)
        loop = asyncio.get_running_loop()
        found: dict[Question, Found] = {}
        while missing := [question for question in questions if question not in found]:
            for question in missing:
                kept = self._memory.fresh(question, self.now())
                if kept:
                    found[question] = self._known(question, kept, "memory")
            missing = [question for question in missing if question not in found]
            new = [question for question in missing if question not in self._lookups]
            self._start(new, deadline)
            lookups = {question: self._lookups[question] for question in missing}
            # Whoever is cancelled here cancels it for nobody.
            with nullcontext() if new else account().spending("others"):
                await _wait([one.found for one in lookups.values()], deadline - loop.time())
            for question, lookup in lookups.items():
                if not lookup.found.done():
                    problem = await self._source.late(question)
                    found[question] = self._or_stale(question, problem)
                elif not _lacked_time(lookup, deadline):
                    found[question] = lookup.found.result()
        return found

    async def _fetch_anew(
        self, questions: Collection[Question], deadline: float
    ) -> dict[Question, Found]:
        """What the source answers to this request alone."""
        found: dict[Question, Found] = {}
        with suppress(TimeoutError):
            async with asyncio.timeout_at(deadline):
                async for question, answer in self._source.fetch(questions, deadline, self._ask):
                    found[question] = Found(answer, "upstream")
        for question in questions:
            if question not in found:
                found[question] = Found(await self._source.late(question), "none")
        return found

    def _start(self, questions: Collection[Question], deadline: float) -> None:
        """Look questions up, so that others can share the lookup."""
        if not questions:
            return
        loop = asyncio.get_running_loop()
        lookups = {question: _Lookup(loop.create_future(), deadline) for question in questions}
        self._lookups |= lookups
        task = asyncio.create_task(self._look_up(questions, deadline))
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._ended(done, lookups))

    def _ended(self, task: asyncio.Task[None], lookups: Mapping[Question, _Lookup]) -> None:
        """Pass on a defect, or that the process ends, to those who wait."""
        self._tasks.discard(task)
        for question, lookup in lookups.items():
            # One that is settled may have a successor already, which is another task's.
            if not lookup.found.done():
                del self._lookups[question]
                error = None if task.cancelled() else task.exception()
                lookup.found.set_exception(error) if error else lookup.found.cancel()

    async def _look_up(self, questions: Collection[Question], deadline: float) -> None:
        """The table, then the source. Every question is settled when this ends."""
        rows = self._rows
        if rows is None:
            await self._fetch(await self._refused(questions, deadline), deadline)
            return
        missing = self._settle_kept(await rows.read(questions), questions)
        missing = await self._refused(missing, deadline)
        if not missing:
            return
        leased = await rows.lease(missing)
        others = [question for question in missing if question not in leased]
        await asyncio.gather(
            self._fetch(leased, deadline), self._wait_for_others(rows, others, deadline)
        )

    async def _refused(
        self, questions: Collection[Question], deadline: float
    ) -> Collection[Question]:
        """Settle what the source can't be asked for in time; returns the rest."""
        refusals = await self._source.refusals(questions, deadline) if questions else {}
        for question, problem in refusals.items():
            self._settle(question, self._or_stale(question, problem))
        return [question for question in questions if question not in refusals]

    async def _wait_for_others(
        self, rows: Rows, questions: Collection[Question], deadline: float
    ) -> None:
        """Wait for what other environments are fetching; fetch what they gave up."""
        loop = asyncio.get_running_loop()
        pause, fetches = FIRST_PAUSE_S, []
        with account().spending("others"):
            while questions and loop.time() + pause < deadline:
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE_S)
                kept, leased = await rows.read_with_leases(questions)
                questions = self._settle_kept(kept, questions)
                given_up = [question for question in questions if question not in leased]
                free = await self._refused(given_up, deadline)
                taken = await rows.lease(free)
                questions = [
                    question
                    for question in questions
                    if question in self._lookups and question not in taken
                ]
                fetches.append(asyncio.create_task(self._fetch(taken, deadline)))
        for question in questions:
            self._settle(question, self._or_stale(question, await self._source.late(question)))
        await asyncio.gather(*fetches)

    def _settle_kept(
        self, kept: Mapping[Question, Kept], questions: Collection[Question]
    ) -> Collection[Question]:
        """Settle what the table has fresh, and hold what it has; returns the rest."""
        for question, answer in kept.items():
            self._memory.keep(question, answer)
            if self.now() < answer.fresh_until:
                self._settle(question, self._known(question, answer, "table"))
        return [question for question in questions if question in self._lookups]

    async def _fetch(self, questions: Collection[Question], deadline: float) -> None:
        """Fetch from the source, and keep and settle each answer as it comes."""
        if questions:
            async with asyncio.TaskGroup() as keeping:
                async for question, answer in self._source.fetch(questions, deadline, self._ask):
                    keeping.create_task(self._keep(question, answer))

    async def _keep(self, question: Question, answer: Answer) -> None:
        kept = self._accepted(question, answer)
        if kept is None:
            if self._rows:
                await self._rows.release(question)
            problem = answer if isinstance(answer, Problem) else UpstreamTooSlow()
            self._settle(question, self._or_stale(question, problem))
            return
        self._memory.keep(question, kept)
        if self._rows:
            await self._rows.keep(question, kept)
        self._settle(question, self._known(question, kept, "upstream"))

    def _accepted(self, question: Question, answer: Answer) -> Kept | None:
        """What to keep of the source's answer; None if it was not asked."""
        now = self.now()
        if isinstance(answer, UpstreamThrottled):
            return None
        if isinstance(answer, UpstreamProblem):
            return Failure(answer, now, now + FAILURE_KEPT_FOR)
        counts = None if isinstance(answer, Problem) else answer
        held = self._memory.held(question)
        if held and not is_plausible(held, counts, now):
            _log.warning(
                "upstream failed",
                extra={
                    "problem": "implausible",
                    "endpoint": str(question.breakdown),
                    "package": question.package,
                    "reason": "rows that were there are gone",
                },
            )
            return Failure(
                UpstreamBroken.because("rows that were there are gone"), now, now + RETRY_LATE_AFTER
            )
        if isinstance(answer, Problem):
            return Failure(answer, now, now + UNKNOWN_FOR)
        return answer

    def _settle(self, question: Question, found: Found) -> None:
        lookup = self._lookups.pop(question, None)
        if lookup and not lookup.found.done():
            lookup.found.set_result(found)

    def _known(self, question: Question, kept: Kept, tier: Tier) -> Found:
        """What is kept as an answer."""
        if not isinstance(kept, Failure):
            return Found(kept, tier)
        if kept.is_unknown_package:
            return Found(kept.problem, "none")
        return self._or_stale(question, kept.problem, kept.fresh_until)

    def _or_stale(
        self, question: Question, problem: Problem, until: dt.datetime | None = None
    ) -> Found:
        """The counts that are held, as stale ones; else the problem."""
        held, now = self._memory.held(question), self.now()
        if held is None:
            return Found(problem, "none")
        if now < held.fresh_until:
            return Found(held, "memory")  # they came just too late for this lookup
        return Found(held.as_stale(until or now + FAILURE_KEPT_FOR), "memory")


async def _wait(futures: Collection[asyncio.Future[Found]], timeout_s: float) -> None:
    if futures:
        await asyncio.wait(futures, timeout=timeout_s)


def _lacked_time(lookup: _Lookup, deadline: float) -> bool:
    """Whether a lookup that was shared failed for lack of time only, and there is more time now."""
    answer = lookup.found.result().answer
    more = lookup.deadline < deadline and asyncio.get_running_loop().time() < deadline
    return more and isinstance(answer, UpstreamThrottled)
