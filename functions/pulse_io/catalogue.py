"""Looks up daily counts: memory, then the table that all environments share, then the source.

A request's questions are looked up as one set, with one batch read of the table. Concurrent requests for
the same question fetch it once (single flight): within an environment they share the lookup, across
environments a lease in the table prevents a second fetch. If the source fails, the last good counts are
served as stale.
"""

import asyncio
import datetime as dt
import math
from collections.abc import Collection, Iterable, Mapping
from contextlib import nullcontext, suppress
from functools import partial
from typing import TYPE_CHECKING

from pulse.daily_counts import DailyCounts
from pulse.history import joined, lacks_days
from pulse.problems import HistoryUnavailable, Problem, UpstreamProblem, UpstreamThrottled
from pulse.questions import Answer, Question
from pulse.request_log import request_log
from pulse_io.clocks import Now
from pulse_io.lookup import Backends, Lookup
from pulse_io.settings import Settings
from pulse_io.sources import Source
from pulse_io.store.answers import LookupResult
from pulse_io.store.memory import Memory

if TYPE_CHECKING:
    from pulse_io.store.history import HistoryStore
    from pulse_io.store.rows import RowStore


class Catalogue:
    """Answers questions. With `CACHE=off` it always asks the source.

    `rows` and `history` are None without their tables. In the background (see `Settings`), a question
    that can't be fetched now gets the problem, without stale counts and without a reservation.

    Create one per process and use it on one event loop.
    """

    def __init__(
        self,
        settings: Settings,
        source: Source,
        rows: "RowStore | None",
        now: Now,
        history: "HistoryStore | None" = None,
    ) -> None:
        self.now = now
        self.deadline_s = settings.deadline_s
        self.image_deadline_s = settings.image_deadline_s
        self._settings = settings
        memory = Memory(serves_stale=not settings.background)
        self._backends = Backends(source, memory, rows, history, now, settings.background)
        self._lookups: dict[Question, Lookup] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def fetch(self, question: Question, deadline_s: float | None = None) -> DailyCounts:
        """The answer to one question, within `deadline_s`, by default `DEADLINE_S`.

        Raises:
            UnknownPackage: the source does not know the package.
            UpstreamProblem: the source failed and no counts are cached.
        """
        answer = (await self.fetch_all([question], deadline_s))[question]
        if isinstance(answer, Problem):
            raise answer
        return answer

    async def fetch_all(
        self, questions: Iterable[Question], deadline_s: float | None = None
    ) -> dict[Question, Answer]:
        """The answers to a request's questions, all within `deadline_s`, by default `DEADLINE_S`.

        The answer to a question that fails is its problem; the other questions are not affected.
        """
        found = await self.look_up(questions, deadline_s)
        request_log().found_all(found.values(), self.now())
        return {question: one.answer for question, one in found.items()}

    async def look_up(
        self, questions: Iterable[Question], deadline_s: float | None = None
    ) -> dict[Question, LookupResult]:
        """As `fetch_all`, with the tiers of the answers. Does not write to the request log."""
        if deadline_s is None:
            deadline_s = self.deadline_s
        deadline = asyncio.get_running_loop().time() + deadline_s
        distinct = list(dict.fromkeys(questions))
        found = await self._find(distinct, deadline)
        if self._backends.background:
            return found
        answers = await asyncio.gather(
            *(self._with_retry_after(question, found[question].answer) for question in distinct)
        )
        return {
            question: LookupResult(answer, found[question].tier)
            for question, answer in zip(distinct, answers, strict=True)
        }

    @property
    def has_history(self) -> bool:
        """Whether days that the source has dropped or lost are kept."""
        return self._backends.history is not None

    async def with_history(
        self, question: Question, counts: DailyCounts, start: dt.date | None
    ) -> DailyCounts:
        """A question's counts with the kept ones that they lack, from `start` on.

        Without a start, their own days are completed. Nothing is read if none is missing.

        Raises:
            HistoryUnavailable: history can't be read, and days before the counts' first are asked for.
        """
        history = self._backends.history
        first = start or counts.first
        if history is None or not lacks_days(counts, first):
            return counts
        try:
            since = dt.date.min if first < counts.first else first
            kept = await history.read(question, counts.source, since, counts.as_of)
        except HistoryUnavailable:
            if first < counts.first:
                raise
            return counts
        return joined(counts, kept, first)

    async def aclose(self) -> None:
        """Close the connections to the source and to the tables."""
        await self._backends.source.aclose()
        if self._backends.history:
            await self._backends.history.aclose()
        if self._backends.rows:
            await self._backends.rows.aclose()

    async def _with_retry_after(self, question: Question, answer: Answer) -> Answer:
        """The answer, with a `Retry-After` if it is an upstream problem."""
        if not isinstance(answer, UpstreamProblem):
            return answer
        failure = self._backends.memory.failure(question, self.now())
        kept_s = (failure.fresh_until - self.now()).total_seconds() if failure else 0
        return await self._backends.source.with_retry_after(question, answer, math.ceil(kept_s))

    async def _ask(
        self, questions: Collection[Question], deadline: float
    ) -> Mapping[Question, Answer]:
        """As `pulse_io.sources.Ask`."""
        found = await self._find(questions, deadline)
        return {question: one.answer for question, one in found.items()}

    async def _find(
        self, questions: Collection[Question], deadline: float
    ) -> dict[Question, LookupResult]:
        if self._settings.cache == "off":
            return await self._fetch_uncached(questions, deadline)
        known = {
            question: self._backends.memory.find(question, self.now()) for question in questions
        }
        found = {question: one for question, one in known.items() if one}
        while missing := [question for question in questions if question not in found]:
            lookups = self._shared_lookups(missing, deadline)
            await self._wait(lookups, deadline)
            for question, lookup in lookups.items():
                if not lookup.results[question].done():
                    problem = await self._backends.source.late(question)
                    found[question] = self._backends.memory.or_stale(question, problem, self.now())
                elif not _ran_out_of_time(
                    lookup.results[question].result(), lookup.deadline, deadline
                ):
                    found[question] = lookup.results[question].result()
        return found

    def _shared_lookups(
        self, questions: Collection[Question], deadline: float
    ) -> dict[Question, Lookup]:
        """The lookup of each question: a running one, or a new one for all other questions."""
        new = [question for question in questions if question not in self._lookups]
        if new:
            lookup = Lookup(self._backends, new, deadline, self._ask)
            self._lookups |= dict.fromkeys(new, lookup)
            for question in new:
                lookup.results[question].add_done_callback(partial(self._forget, question))
            task = asyncio.create_task(lookup.run())
            self._tasks.add(task)
            task.add_done_callback(lambda done: self._ended(done, lookup))
        return {question: self._lookups[question] for question in questions}

    def _forget(self, question: Question, _: asyncio.Future[LookupResult]) -> None:
        del self._lookups[question]

    def _ended(self, task: asyncio.Task[None], lookup: Lookup) -> None:
        """Pass a lookup's exception or cancellation on to the requests that wait for it."""
        self._tasks.discard(task)
        for found in lookup.results.values():
            if not found.done():
                error = None if task.cancelled() else task.exception()
                found.set_exception(error) if error else found.cancel()

    async def _wait(self, lookups: Mapping[Question, Lookup], deadline: float) -> None:
        """Wait for the answers until the deadline. Cancelling a wait does not cancel the lookup."""
        waited_for = [lookup.results[question] for question, lookup in lookups.items()]
        left_s = deadline - asyncio.get_running_loop().time()
        is_own = any(lookup.deadline == deadline for lookup in lookups.values())
        with nullcontext() if is_own else request_log().timed("others"):
            await asyncio.wait(waited_for, timeout=left_s)

    async def _fetch_uncached(
        self, questions: Collection[Question], deadline: float
    ) -> dict[Question, LookupResult]:
        """Fetch from the source for this request alone, without cache or single flight."""
        found: dict[Question, LookupResult] = {}
        source = self._backends.source
        with suppress(TimeoutError):
            async with asyncio.timeout_at(deadline):
                async for question, answer in source.fetch(questions, deadline, self._ask):
                    found[question] = LookupResult(answer, "upstream")
        for question in questions:
            if question not in found:
                found[question] = LookupResult(await source.late(question), "none")
        return found


def _ran_out_of_time(found: LookupResult, deadline: float, later: float) -> bool:
    """Whether a shared lookup failed only because of its deadline, and this request's is later."""
    more = deadline < later and asyncio.get_running_loop().time() < later
    return more and isinstance(found.answer, UpstreamThrottled)
