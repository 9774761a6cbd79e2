"""ClickHouse as a source: one query for all questions of a kind, within a limit by the hour."""

import asyncio
import contextlib
import datetime as dt
import logging
import math
from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from pulse.clickhouse.answer import read_answer, recheck_at
from pulse.clickhouse.query import build_query, capacity
from pulse.daily_counts import DailyCounts
from pulse.http_status import MAX_SHOWN
from pulse.problems import CLICKHOUSE, Problem, UpstreamProblem, UpstreamThrottled, UpstreamTooSlow
from pulse.questions import Answer, Kind, Question
from pulse_io.clocks import Now
from pulse_io.sources import Ask
from pulse_io.sources.clickhouse_server import ClickHouseServer
from pulse_io.sources.local_queue import LocalQueue
from pulse_io.sources.query_queue import STORING_S, Batch, QueryQueue
from pulse_io.store.answers import FAILURE_KEPT_FOR, Failure

if TYPE_CHECKING:
    from pulse_io.store.rows import RowStore

_log = logging.getLogger(__name__)

LARGE_BYTES: Final = 200_000
"""Reading a larger body takes more than 10 ms, so it is done in a thread."""

MAX_AGE_S: Final = 1.0
"""A question is refused by a queue at most this old."""

NEWEST_MAX_AGE_S: Final = 60.0
"""The newest day that other environments found is known after this time at the latest."""

MIN_RETRY_S: Final = 5
"""When to come back for the answer of a query that is under way."""

PAUSE_S: Final = 0.25
"""Between two looks at the table for the answer of another environment's query."""

MIN_PAUSE_S: Final = 0.02
MIN_QUERY_S: Final = 1.0
"""The least time that must be left for a query: it takes a tenth, then its answers are read from the table."""

MAX_WANTING_S: Final = 2.0
"""How long a request waits for its `Retry-After` at most."""

_Task = asyncio.Task[Mapping[Question, Answer]]
"""A running query; its result has the answers."""


class ClickHouseSource:
    """ClickHouse, behind the port, for questions with a view. Create one per process, for one event loop.

    `queue` tells when a query may be made. `rows` are where other environments find their answers; None
    without a table.
    """

    def __init__(
        self, server: ClickHouseServer, queue: LocalQueue, rows: "RowStore | None", now: Now
    ) -> None:
        self._server = server
        self._queue = queue
        self._rows = rows
        self._now = now
        self._running: dict[Question, _Task] = {}

    async def renewed(self, held: Mapping[Question, DailyCounts]) -> Mapping[Question, DailyCounts]:
        """As `Source`: counts up to the newest day, which was asked for less than an hour ago."""
        await self._queue.refresh(NEWEST_MAX_AGE_S)
        queue = self._queue.queue
        if not queue.newest:
            return {}
        newest = dt.date.fromisoformat(queue.newest)
        until = recheck_at(newest, dt.datetime.fromtimestamp(queue.checked_at, dt.UTC))
        if until <= self._now():
            return {}
        return {
            question: replace(counts, fresh_until=until)
            for question, counts in held.items()
            if counts.as_of >= newest
        }

    async def refusals(
        self,
        questions: Collection[Question],
        deadline: float,
        known: Collection[Question],  # noqa: ARG002 - all are alike in a batch
    ) -> Mapping[Question, Problem]:
        """As `Source`."""
        await self._queue.refresh(MAX_AGE_S)
        return {
            question: _throttled(self._wait_s(question))
            for question in questions
            if self._is_too_late(question, deadline)
        }

    async def fetch(
        self,
        questions: Collection[Question],
        deadline: float,
        ask: Ask,  # noqa: ARG002 - a query tells all that there is to know
        known: Collection[Question] = (),  # noqa: ARG002 - as above
    ) -> AsyncIterator[tuple[Question, Answer]]:
        """As `Source`. A query goes on after the deadline, and its answers are given out then."""
        left = set(questions)
        own: set[_Task] = set()
        while left or own:
            if waiting := left - self._running.keys():
                own |= await self._take(waiting)
            for question in left - self._running.keys():
                if self._is_too_late(question, deadline):
                    left.discard(question)
                    yield question, _throttled(self._wait_s(question))
            elsewhere = left - self._running.keys()
            done = await _first_done(
                own | {self._running[question] for question in left - elsewhere},
                self._pause_s(elsewhere) if elsewhere else None,
            )
            found = await self._stored(elsewhere)
            for task in done:
                found |= {
                    question: answer
                    for question, answer in task.result().items()
                    if task in own or question in left
                }
            own -= done
            left -= found.keys()
            for one in found.items():
                yield one

    async def late(self, question: Question) -> Problem:
        """As `Source`."""
        await self._queue.refresh(MAX_AGE_S)
        if self._queue.queue.is_running(question):
            return UpstreamTooSlow(source=CLICKHOUSE)
        return _throttled(self._wait_s(question))

    async def with_retry_after(
        self, question: Question, problem: UpstreamProblem, kept_s: int
    ) -> UpstreamProblem:
        """As `Source`: the question waits for a query that others may make."""

        def want(queue: QueryQueue) -> tuple[QueryQueue, None]:
            return queue.wanted([question], self._capacity, self._queue.clock()), None

        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(MAX_WANTING_S):
                await self._queue.change(want)
        queue = self._queue.queue
        if queue.is_running(question):
            return problem.after(max(MIN_RETRY_S, kept_s))
        problem = problem.after(max(1, kept_s, math.ceil(self._wait_s(question))))
        return problem if queue.is_waiting(question) else problem.not_reserved()

    async def aclose(self) -> None:
        """As `Source`."""
        await self._server.aclose()

    async def _take(self, questions: Collection[Question]) -> set[_Task]:
        """Start the queries that may be made now, the oldest first, until these questions are answered."""
        batches = await self._queue.change(
            lambda queue: queue.taken(questions, self._capacity, self._queue.clock())
        )
        tasks = set()
        for batch in batches:
            task = asyncio.create_task(self._run(batch))
            self._running |= dict.fromkeys(batch.questions, task)
            tasks.add(task)
        return tasks

    async def _run(self, batch: Batch) -> Mapping[Question, Answer]:
        """Make the query for a batch, and tell the queue of its end."""
        try:
            answers = await self._answers(batch)
        finally:
            for question in batch.questions:
                self._running.pop(question, None)
        return answers

    async def _answers(self, batch: Batch) -> Mapping[Question, Answer]:
        kind, packages, _ = batch
        try:
            answer = await self._server.ask(build_query(kind, packages, self._now().date()))
            read = partial(read_answer, kind, packages, answer)
            is_large = len(answer.body) > LARGE_BYTES
            answers, newest = await asyncio.to_thread(read) if is_large else read()
        except UpstreamProblem as problem:
            _log_failure(batch, problem)
            await self._failed(batch, problem)
            return dict.fromkeys(batch.questions, problem.without_traceback())
        told = newest.isoformat() if newest else ""
        # Without a table, nothing is stored: with CACHE=off, the next request asks again.
        storing_s = 0 if self._rows is None else STORING_S
        await self._queue.change(
            lambda queue: (queue.answered(batch, told, self._queue.clock(), storing_s), None)
        )
        return {Question(package, *kind): answer for package, answer in answers.items()}

    async def _failed(self, batch: Batch, problem: UpstreamProblem) -> None:
        """Make no query for ten seconds, or until ClickHouse's own quota is whole again."""
        if self._queue.clock() >= batch.until:
            return  # Lambda froze this environment meanwhile, which says nothing about ClickHouse
        closed_s = FAILURE_KEPT_FOR.total_seconds()
        if isinstance(problem, UpstreamThrottled):
            closed_s = problem.retry_after_s or closed_s
        await self._queue.change(
            lambda queue: (queue.failed(batch, self._queue.clock() + closed_s), None)
        )

    async def _stored(self, questions: Collection[Question]) -> dict[Question, Answer]:
        """The fresh answers that other environments have stored meanwhile."""
        if not questions or self._rows is None:
            return {}
        return {
            question: cached.problem if isinstance(cached, Failure) else cached
            for question, cached in (await self._rows.read(questions)).items()
            if self._now() < cached.fresh_until
        }

    def _pause_s(self, elsewhere: Collection[Question]) -> float:
        """Seconds to wait for the queries of other environments, or for the moment of the next query."""
        if any(map(self._queue.queue.is_running, elsewhere)):
            return PAUSE_S
        return max(MIN_PAUSE_S, min(map(self._wait_s, elsewhere)))

    def _wait_s(self, question: Question) -> float:
        """Seconds until the moment of the query that answers it; 0 if one is under way."""
        queue, now = self._queue.queue, self._queue.clock()
        if queue.is_running(question):
            return 0
        return queue.moment(question, self._capacity, now) - now

    def _is_too_late(self, question: Question, deadline: float) -> bool:
        """Whether there can be no answer by the deadline."""
        left_s = deadline - asyncio.get_running_loop().time()
        wait_s = self._wait_s(question)
        return left_s <= 0 or (wait_s > 0 and wait_s + MIN_QUERY_S > left_s)

    def _capacity(self, kind: Kind) -> int:
        return capacity(kind, self._now().date())


async def _first_done(tasks: Collection[_Task], timeout_s: float | None) -> set[_Task]:
    """The tasks that are done once one is, or after this time."""
    if not tasks:
        await asyncio.sleep(timeout_s or 0)
        return set()
    done, _ = await asyncio.wait(tasks, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
    return done


def _throttled(wait_s: float) -> UpstreamThrottled:
    return UpstreamThrottled(max(MIN_RETRY_S, math.ceil(wait_s)), CLICKHOUSE)


def _log_failure(batch: Batch, problem: UpstreamProblem) -> None:
    """Write the log line that an alarm counts."""
    fields = {
        "problem": problem.slug,
        "endpoint": str(batch.kind.breakdown),
        "package": ",".join(batch.packages)[:MAX_SHOWN],
        "reason": problem.reason,
    }
    _log.warning("upstream failed", extra=fields)
