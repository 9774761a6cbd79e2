"""Looks a set of questions up where memory has nothing fresh: the table, then the source.

What another environment is fetching is waited for; a lease in the table says so.
"""

import asyncio
import datetime as dt
import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Final

from pulse.freshness import RETRY_LATE_AFTER, UNKNOWN_FOR
from pulse.plausibility import is_plausible
from pulse.problems import Problem, UpstreamBroken, UpstreamProblem, UpstreamThrottled
from pulse.questions import Question
from pulse.request_log import Tier, request_log
from pulse_io.sources import Answer, Ask, Source
from pulse_io.store.answers import FAILURE_KEPT_FOR, Failure, Found, Kept
from pulse_io.store.memory import Memory
from pulse_io.store.rows import Rows

_log = logging.getLogger(__name__)

FIRST_PAUSE_S: Final = 0.125
LONGEST_PAUSE_S: Final = 1.0
"""Between two looks at what other environments are fetching: each look costs a read."""

Now = Callable[[], dt.datetime]
"""The time of day, UTC."""


@dataclass(frozen=True)
class Places:
    """Where answers come from and where they are kept; `rows` is None without a table."""

    source: Source
    memory: Memory
    rows: Rows | None
    now: Now


class Lookup:
    """One lookup. `found` has a future for each question, which is done when `run` is over.

    `deadline` is a moment on the event loop's clock, `ask` is handed on to the source.
    """

    def __init__(
        self, places: Places, questions: Collection[Question], deadline: float, ask: Ask
    ) -> None:
        loop = asyncio.get_running_loop()
        self.found: dict[Question, asyncio.Future[Found]] = {
            question: loop.create_future() for question in questions
        }
        self.deadline = deadline
        self._places = places
        self._ask = ask

    async def run(self) -> None:
        """Find all answers."""
        rows, questions = self._places.rows, list(self.found)
        if rows is None:
            await self._fetch(await self._allowed(questions))
            return
        self._take_over(await rows.read(questions))
        missing = await self._allowed(self._open(questions))
        leased = await rows.lease(missing)
        others = [question for question in missing if question not in leased]
        await asyncio.gather(self._fetch(leased), self._wait_for_others(rows, others))

    async def _allowed(self, questions: Collection[Question]) -> list[Question]:
        """Those that the source can be asked for in time; the others have their problem."""
        if not questions:
            return []
        refusals = await self._places.source.refusals(
            questions, self.deadline, self._known(questions)
        )
        for question, problem in refusals.items():
            self._fail(question, problem)
        return self._open(questions)

    async def _wait_for_others(self, rows: Rows, questions: list[Question]) -> None:
        """Wait for what other environments are fetching; fetch what they gave up."""
        loop = asyncio.get_running_loop()
        pause, fetches = FIRST_PAUSE_S, []
        with request_log().timed("others"):
            while questions and loop.time() + pause < self.deadline:
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE_S)
                kept, leased = await rows.read_with_leases(questions)
                self._take_over(kept)
                given_up = [
                    question for question in self._open(questions) if question not in leased
                ]
                taken = await rows.lease(await self._allowed(given_up))
                fetches.append(asyncio.create_task(self._fetch(taken)))
                questions = [one for one in self._open(questions) if one not in taken]
        for question in questions:
            self._fail(question, await self._places.source.late(question))
        await asyncio.gather(*fetches)

    async def _fetch(self, questions: Collection[Question]) -> None:
        """Fetch from the source, and keep each answer as it comes."""
        if not questions:
            return
        answers = self._places.source.fetch(
            questions, self.deadline, self._ask, self._known(questions)
        )
        async with asyncio.TaskGroup() as keeping:
            async for question, answer in answers:
                keeping.create_task(self._keep(question, answer))

    async def _keep(self, question: Question, answer: Answer) -> None:
        """Keep an answer, in memory and in the table."""
        rows = self._places.rows
        if isinstance(answer, UpstreamThrottled):  # the source could not be asked in time
            if rows:
                await rows.release(question)
            self._fail(question, answer)
            return
        kept = self._accepted(question, answer)
        self._places.memory.keep(question, kept)
        if rows:
            await rows.keep(question, kept)
        self._settle(question, kept, "upstream")

    def _accepted(self, question: Question, answer: Answer) -> Kept:
        """What to go by from now on: the source's answer, unless it is not plausible."""
        now = self._places.now()
        if isinstance(answer, UpstreamProblem):
            return Failure(answer, now, now + FAILURE_KEPT_FOR)
        held = self._places.memory.held(question)
        if held and not is_plausible(held, None if isinstance(answer, Problem) else answer, now):
            reason = "rows that were there are gone"
            _log.warning("upstream failed", extra=_implausible(question, reason))
            return Failure(UpstreamBroken.because(reason), now, now + RETRY_LATE_AFTER)
        if isinstance(answer, Problem):
            return Failure(answer, now, now + UNKNOWN_FOR)
        return answer

    def _take_over(self, kept: Mapping[Question, Kept]) -> None:
        """Hold what the table has; what is fresh is found."""
        for question, answer in kept.items():
            self._places.memory.keep(question, answer)
            if self._places.now() < answer.fresh_until:
                self._settle(question, answer, "table")

    def _known(self, questions: Collection[Question]) -> set[Question]:
        """Those of which counts are held, fresh or not."""
        return {question for question in questions if self._places.memory.held(question)}

    def _open(self, questions: Collection[Question]) -> list[Question]:
        """Those that are not found yet."""
        return [question for question in questions if not self.found[question].done()]

    def _settle(self, question: Question, kept: Kept, tier: Tier) -> None:
        found = self._places.memory.as_found(question, kept, tier, self._places.now())
        self._set(question, found)

    def _fail(self, question: Question, problem: Problem) -> None:
        self._set(question, self._places.memory.or_stale(question, problem, self._places.now()))

    def _set(self, question: Question, found: Found) -> None:
        if not self.found[question].done():
            self.found[question].set_result(found)


def _implausible(question: Question, reason: str) -> dict[str, str]:
    return {
        "problem": "implausible",
        "endpoint": str(question.breakdown),
        "package": question.package,
        "reason": reason,
    }
