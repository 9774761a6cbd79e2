"""Looks up a set of questions in the table, then in the source.

A lease in the table marks a question that another execution environment is fetching; the lookup waits for it.
"""

import asyncio
import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pulse.daily_counts import DailyCounts
from pulse.freshness import RETRY_LATE_AFTER, UNKNOWN_FOR
from pulse.plausibility import is_plausible
from pulse.problems import Problem, UpstreamBroken, UpstreamProblem, UpstreamThrottled
from pulse.questions import Answer, Question
from pulse.request_log import Tier, request_log
from pulse_io.clocks import Now
from pulse_io.sources import Ask, Source
from pulse_io.store.answers import FAILURE_KEPT_FOR, CachedAnswer, Failure, LookupResult
from pulse_io.store.memory import Memory

if TYPE_CHECKING:
    from pulse_io.store.history import HistoryStore
    from pulse_io.store.rows import RowStore

_log = logging.getLogger(__name__)

MIN_PAUSE_S: Final = 0.125
MAX_PAUSE_S: Final = 1.0
"""The pause between two reads of the table while waiting for other environments; it doubles each time."""


@dataclass(frozen=True)
class Backends:
    """The source, the caches, history and the clock that lookups use.

    `rows` and `history` are None without their tables. `background` lookups have no priority at the source.
    """

    source: Source
    memory: Memory
    rows: "RowStore | None"
    history: "HistoryStore | None"
    now: Now
    background: bool = False


class Lookup:
    """One lookup. `results` has a future for each question; all are done when `run` returns.

    `deadline` is a time on the event loop's clock. `ask` is passed on to the source.
    """

    def __init__(
        self, backends: Backends, questions: Collection[Question], deadline: float, ask: Ask
    ) -> None:
        loop = asyncio.get_running_loop()
        self.results: dict[Question, asyncio.Future[LookupResult]] = {
            question: loop.create_future() for question in questions
        }
        self.deadline = deadline
        self._backends = backends
        self._ask = ask

    async def run(self) -> None:
        """Resolve all questions."""
        rows, questions = self._backends.rows, list(self.results)
        if rows is None:
            await self._fetch(await self._fetchable(await self._renew(questions)))
            return
        self._take_over(await rows.read(questions))
        missing = await self._renew(self._unresolved(questions))
        refusals = await self._refusals(missing)
        fetched_elsewhere = await self._fetched_elsewhere(rows, refusals)
        for question in self._unresolved(refusals):
            if question not in fetched_elsewhere:
                self._fail(question, refusals[question])
        leased = await rows.lease([question for question in missing if question not in refusals])
        others = [question for question in self._unresolved(missing) if question not in leased]
        await asyncio.gather(self._fetch(leased), self._wait_for_others(rows, others))

    async def _fetchable(self, questions: Collection[Question]) -> list[Question]:
        """The questions without a result that the source can fetch in time; the others fail here."""
        for question, problem in (await self._refusals(questions)).items():
            self._fail(question, problem)
        return self._unresolved(questions)

    async def _refusals(self, questions: Collection[Question]) -> Mapping[Question, Problem]:
        if not questions:
            return {}
        return await self._backends.source.refusals(
            questions, self.deadline, self._known(questions)
        )

    async def _fetched_elsewhere(
        self, rows: "RowStore", refusals: Mapping[Question, Problem]
    ) -> Collection[Question]:
        """The throttled questions that another environment is fetching: it may have been granted the last call."""
        throttled = [
            question
            for question, problem in refusals.items()
            if isinstance(problem, UpstreamThrottled)
        ]
        if not throttled:
            return ()
        cached, leased = await rows.read_with_leases(throttled)
        self._take_over(cached)
        return leased

    async def _wait_for_others(self, rows: "RowStore", questions: list[Question]) -> None:
        """Wait for other environments to fetch these questions; fetch those that they gave up."""
        loop = asyncio.get_running_loop()
        pause_s, fetches = MIN_PAUSE_S, []
        with request_log().timed("others"):
            while questions and loop.time() + pause_s < self.deadline:
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, MAX_PAUSE_S)
                cached, leased = await rows.read_with_leases(questions)
                self._take_over(cached)
                given_up = [
                    question for question in self._unresolved(questions) if question not in leased
                ]
                taken = await rows.lease(await self._fetchable(given_up))
                fetches.append(asyncio.create_task(self._fetch(taken)))
                questions = [one for one in self._unresolved(questions) if one not in taken]
        for question in questions:
            self._fail(question, await self._backends.source.late(question))
        await asyncio.gather(*fetches)

    async def _fetch(self, questions: Collection[Question]) -> None:
        """Fetch from the source, and store each answer as it arrives."""
        if not questions:
            return
        answers = self._backends.source.fetch(
            questions, self.deadline, self._ask, self._known(questions)
        )
        async with asyncio.TaskGroup() as keeping:
            async for question, answer in answers:
                keeping.create_task(self._keep(question, answer))

    async def _keep(self, question: Question, answer: Answer) -> None:
        """Store an answer in memory, in the table and in history."""
        rows, history = self._backends.rows, self._backends.history
        if isinstance(answer, UpstreamThrottled):  # no call was made in time
            if rows:
                await rows.release(question)
            self._fail(question, answer)
            return
        cached = self._accepted(question, answer)
        self._backends.memory.keep(question, cached)
        writes = []
        if rows:
            writes.append(rows.keep(question, cached))
        if history and isinstance(cached, DailyCounts):
            writes.append(history.keep(question, cached, self.deadline))
        await asyncio.gather(*writes)
        self._settle(question, cached, "upstream")

    def _accepted(self, question: Question, answer: Answer) -> CachedAnswer:
        """What to cache: the source's answer, or a failure if the answer is not plausible."""
        now = self._backends.now()
        if isinstance(answer, UpstreamProblem):
            return Failure(answer, now, now + FAILURE_KEPT_FOR)
        held = self._backends.memory.held(question)
        if held and not is_plausible(held, None if isinstance(answer, Problem) else answer, now):
            reason = "it lacks most of the rows it had"
            _log.warning("upstream failed", extra=_implausible(question, reason))
            return Failure(
                UpstreamBroken.because(reason, question.source), now, now + RETRY_LATE_AFTER
            )
        if isinstance(answer, Problem):
            return Failure(answer, now, now + UNKNOWN_FOR)
        return answer

    def _take_over(self, cached: Mapping[Question, CachedAnswer]) -> None:
        """Copy answers from the table to memory; fresh ones resolve their questions."""
        for question, answer in cached.items():
            self._backends.memory.keep(question, answer)
            if self._backends.now() < answer.fresh_until:
                self._settle(question, answer, "table")

    def _known(self, questions: Collection[Question]) -> dict[Question, DailyCounts]:
        """The counts that are in memory, fresh or not; in the background, none."""
        if self._backends.background:
            return {}
        held = {question: self._backends.memory.held(question) for question in questions}
        return {question: counts for question, counts in held.items() if counts}

    async def _renew(self, questions: Collection[Question]) -> list[Question]:
        """Settle the questions whose held counts the source knows to be current; returns the others."""
        if held := self._known(questions):
            for question, counts in (await self._backends.source.renewed(held)).items():
                self._backends.memory.keep(question, counts)
                self._settle(question, counts, "memory")
        return self._unresolved(questions)

    def _unresolved(self, questions: Collection[Question]) -> list[Question]:
        """The questions without a result."""
        return [question for question in questions if not self.results[question].done()]

    def _settle(self, question: Question, cached: CachedAnswer, tier: Tier) -> None:
        found = self._backends.memory.as_result(question, cached, tier, self._backends.now())
        self._set(question, found)

    def _fail(self, question: Question, problem: Problem) -> None:
        self._set(question, self._backends.memory.or_stale(question, problem, self._backends.now()))

    def _set(self, question: Question, found: LookupResult) -> None:
        result = self.results.get(question)  # the source may answer others' questions too
        if result and not result.done():
            result.set_result(found)


def _implausible(question: Question, reason: str) -> dict[str, str]:
    return {
        "problem": "implausible",
        "endpoint": str(question.breakdown),
        "package": question.package,
        "reason": reason,
    }
