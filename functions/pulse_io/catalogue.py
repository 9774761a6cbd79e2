"""Looks up daily counts: memory, then the table that all environments share, then the source.

Questions come as a set and are looked up as a set: one read of the table for all of them. What is wanted
more than once at the same time is fetched once, within an environment by sharing the lookup, across
environments by a lease in the table. When the source fails, the last good counts are served and say that
they are stale.
"""

import asyncio
import math
from collections.abc import Collection, Iterable, Mapping
from contextlib import nullcontext, suppress
from functools import partial

from pulse.daily_counts import DailyCounts
from pulse.problems import Problem, UpstreamProblem, UpstreamThrottled
from pulse.questions import Question
from pulse.request_log import request_log
from pulse_io.lookup import Lookup, Now, Places
from pulse_io.settings import Settings
from pulse_io.sources import Answer, Source
from pulse_io.store.answers import Found
from pulse_io.store.memory import Memory
from pulse_io.store.rows import Rows


class Catalogue:
    """Answers questions. With `CACHE=off` every one goes to the source; `rows` is None without a table.

    Make one per process and use it on one event loop.
    """

    def __init__(self, settings: Settings, source: Source, rows: Rows | None, now: Now) -> None:
        self.now = now
        self._settings = settings
        self._places = Places(source, Memory(), rows, now)
        self._lookups: dict[Question, Lookup] = {}
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
                request_log().failed(answer)
            else:
                request_log().hit(answer, tier, self.now())
        answers = await asyncio.gather(
            *(self._told(question, found[question].answer) for question in distinct)
        )
        return dict(zip(distinct, answers, strict=True))

    async def aclose(self) -> None:
        """Close the connections to the source and to the table."""
        await self._places.source.aclose()
        if self._places.rows:
            await self._places.rows.aclose()

    async def _told(self, question: Question, answer: Answer) -> Answer:
        """The answer as a client is told it: a problem says when to come back."""
        if not isinstance(answer, UpstreamProblem):
            return answer
        failure = self._places.memory.failure(question, self.now())
        kept_s = (failure.fresh_until - self.now()).total_seconds() if failure else 0
        return await self._places.source.with_retry_after(question, answer, math.ceil(kept_s))

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
        known = {question: self._places.memory.find(question, self.now()) for question in questions}
        found = {question: one for question, one in known.items() if one}
        while missing := [question for question in questions if question not in found]:
            lookups = self._shared(missing, deadline)
            await self._wait(lookups, deadline)
            for question, lookup in lookups.items():
                if not lookup.found[question].done():
                    problem = await self._places.source.late(question)
                    found[question] = self._places.memory.or_stale(question, problem, self.now())
                elif not _lacked_time(lookup.found[question].result(), lookup.deadline, deadline):
                    found[question] = lookup.found[question].result()
        return found

    def _shared(self, questions: Collection[Question], deadline: float) -> dict[Question, Lookup]:
        """The lookup of each question: one that is under way, or a new one for all of the others."""
        new = [question for question in questions if question not in self._lookups]
        if new:
            lookup = Lookup(self._places, new, deadline, self._ask)
            self._lookups |= dict.fromkeys(new, lookup)
            for question in new:
                lookup.found[question].add_done_callback(partial(self._forget, question))
            task = asyncio.create_task(lookup.run())
            self._tasks.add(task)
            task.add_done_callback(lambda done: self._ended(done, lookup))
        return {question: self._lookups[question] for question in questions}

    def _forget(self, question: Question, _: asyncio.Future[Found]) -> None:
        del self._lookups[question]

    def _ended(self, task: asyncio.Task[None], lookup: Lookup) -> None:
        """Pass on a defect, or that the process ends, to those who wait."""
        self._tasks.discard(task)
        for found in lookup.found.values():
            if not found.done():
                error = None if task.cancelled() else task.exception()
                found.set_exception(error) if error else found.cancel()

    async def _wait(self, lookups: Mapping[Question, Lookup], deadline: float) -> None:
        """Wait for the answers, until the deadline at most. Who is cancelled here cancels nobody else."""
        waited_for = [lookup.found[question] for question, lookup in lookups.items()]
        left_s = deadline - asyncio.get_running_loop().time()
        is_own = any(lookup.deadline == deadline for lookup in lookups.values())
        with nullcontext() if is_own else request_log().timed("others"):
            await asyncio.wait(waited_for, timeout=left_s)

    async def _fetch_anew(
        self, questions: Collection[Question], deadline: float
    ) -> dict[Question, Found]:
        """What the source answers to this request alone."""
        found: dict[Question, Found] = {}
        source = self._places.source
        with suppress(TimeoutError):
            async with asyncio.timeout_at(deadline):
                async for question, answer in source.fetch(questions, deadline, self._ask):
                    found[question] = Found(answer, "upstream")
        for question in questions:
            if question not in found:
                found[question] = Found(await source.late(question), "none")
        return found


def _lacked_time(found: Found, deadline: float, later: float) -> bool:
    """Whether a lookup that was shared failed for lack of time only, and there is more time now."""
    more = deadline < later and asyncio.get_running_loop().time() < later
    return more and isinstance(found.answer, UpstreamThrottled)
