"""One environment fetches; the others wait for its result, or take over if it died."""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import replace

import pytest

from pulse.daily_counts import DailyCounts
from pulse.names import PackageName
from pulse.problems import (
    Problem,
    UpstreamBroken,
    UpstreamProblem,
    UpstreamThrottled,
    UpstreamTooSlow,
    UpstreamUnreachable,
)
from pulse.questions import Answer, Breakdown, Question
from pulse_io.catalogue import Catalogue
from pulse_io.settings import Settings
from pulse_io.sources import Ask
from pulse_io.store.answers import FAILURE_KEPT_FOR, Failure
from pulse_io.store.rows import RowStore
from pulse_io.store.table import Table
from tests.clocks import Clock
from tests.counts import counts_of
from tests.dynamodb.environments import NOON, asking
from tests.unit.pulse_io.toy_sources import ToySource

pytestmark = pytest.mark.usefixtures("table")

LEASE_S = 14
OVERALL = Question(PackageName.parse("requests"), Breakdown.OVERALL)
SYSTEM = OVERALL._replace(breakdown=Breakdown.SYSTEM)
PROBLEMS = [
    UpstreamBroken.because("its status is 500"),
    UpstreamTooSlow(),
    UpstreamUnreachable(),
]


def noon_clock() -> Clock[float]:
    return Clock(NOON.timestamp())


def failed(problem: UpstreamProblem) -> Failure:
    return Failure(problem, NOON, NOON + FAILURE_KEPT_FOR)


def counts(fresh_for_s: int = 3600) -> DailyCounts:
    until = NOON + dt.timedelta(seconds=fresh_for_s)
    return replace(
        counts_of({("with_mirrors", NOON.date()): 1}, fetched_at=NOON), fresh_until=until
    )


class LastCall(ToySource):
    """A source with one call left, which is not answered before anybody is refused another."""

    def __init__(self) -> None:
        self.granted, self.refused = asyncio.Event(), asyncio.Event()

    async def refusals(
        self, _: Collection[Question], __: float, ___: Collection[Question]
    ) -> Mapping[Question, Problem]:
        if not self.granted.is_set():
            return {}
        self.refused.set()
        return {OVERALL: UpstreamThrottled()}

    async def fetch(
        self, questions: Collection[Question], _: float, __: Ask, ___: Collection[Question] = ()
    ) -> AsyncIterator[tuple[Question, Answer]]:
        self.granted.set()
        await self.refused.wait()
        for question in questions:
            yield question, counts()


async def is_leased(rows: RowStore, question: Question = OVERALL) -> bool:
    return question in (await rows.read_with_leases([question])).leased


def test_only_one_environment_gets_a_lease() -> None:
    async def ask(table: Table) -> None:
        clock = noon_clock()
        first, second = RowStore(table, LEASE_S, clock), RowStore(table, LEASE_S, clock)
        assert await first.lease([OVERALL]) == [OVERALL]
        assert await second.lease([OVERALL, SYSTEM]) == [SYSTEM]
        assert await first.lease([SYSTEM]) == []
        found = await second.read_with_leases([OVERALL, SYSTEM])
        assert found.leased == {OVERALL, SYSTEM}
        assert not found.answers

    asking(ask)


def test_expired_lease_is_taken_over() -> None:
    """The former holder can neither release nor overwrite the lease of its successor."""

    async def ask(table: Table) -> None:
        clock = noon_clock()
        dead, survivor, third = (RowStore(table, LEASE_S, clock) for _ in range(3))
        await dead.lease([OVERALL])
        clock.now += LEASE_S - 0.1
        assert await survivor.lease([OVERALL]) == []
        assert await is_leased(survivor)
        clock.now += 0.2
        assert not await is_leased(survivor)
        assert await survivor.lease([OVERALL]) == [OVERALL]
        assert await third.lease([OVERALL]) == []
        # It was only slow: it can no longer release the lease or store a failure.
        await dead.release(OVERALL)
        await dead.keep(OVERALL, failed(UpstreamTooSlow()))
        found = await third.read_with_leases([OVERALL])
        assert found.leased == {OVERALL}
        assert not found.answers

    asking(ask)


def test_holder_may_repeat_its_lease() -> None:
    """A client may repeat a write whose response was lost: the holder must not lose to itself."""

    async def ask(table: Table) -> None:
        rows = RowStore(table, LEASE_S, noon_clock())
        assert await rows.lease([OVERALL]) == [OVERALL]
        assert await rows.lease([OVERALL]) == [OVERALL]

    asking(ask)


def test_released_lease_is_free_at_once() -> None:
    async def ask(table: Table) -> None:
        clock = noon_clock()
        first, second = RowStore(table, LEASE_S, clock), RowStore(table, LEASE_S, clock)
        await first.lease([OVERALL])
        await first.release(OVERALL)
        assert not await is_leased(second)
        assert await second.lease([OVERALL]) == [OVERALL]

    asking(ask)


@pytest.mark.parametrize(("fresh_for_s", "free"), [(10, True), (3600, False)])
def test_lease_ends_with_freshness_of_its_answer(fresh_for_s: int, *, free: bool) -> None:
    async def ask(table: Table) -> None:
        clock = noon_clock()
        first, second = RowStore(table, LEASE_S, clock), RowStore(table, LEASE_S, clock)
        await first.lease([OVERALL])
        await first.keep(OVERALL, counts(fresh_for_s))
        clock.now += fresh_for_s if free else 0
        assert await second.lease([OVERALL]) == [OVERALL] * free

    asking(ask)


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.slug)
def test_failure_is_shared_for_ten_seconds(
    problem: UpstreamProblem,
) -> None:
    """Waiting environments get the holder's failure, and upstream is not called again meanwhile."""

    async def ask(table: Table) -> None:
        clock = noon_clock()
        holder, waiting = RowStore(table, LEASE_S, clock), RowStore(table, LEASE_S, clock)
        await holder.lease([OVERALL])
        await holder.keep(OVERALL, failed(problem))
        clock.now += 9.9
        found = await waiting.read_with_leases([OVERALL, SYSTEM])
        assert not found.leased
        ((question, shared),) = found.answers.items()
        assert question == OVERALL
        assert isinstance(shared, Failure)
        assert type(shared.problem) is type(problem)
        assert shared.problem.detail == problem.detail
        assert (shared.since, shared.fresh_until) == (NOON, NOON + dt.timedelta(seconds=10))
        for rows in (waiting, holder):
            assert await rows.lease([OVERALL]) == []
        clock.now += 0.2
        assert not (await waiting.read_with_leases([OVERALL])).answers
        assert await waiting.lease([OVERALL]) == [OVERALL]

    asking(ask)


def test_failure_keeps_earlier_counts() -> None:
    async def ask(table: Table) -> None:
        clock = noon_clock()
        holder, waiting = RowStore(table, LEASE_S, clock), RowStore(table, LEASE_S, clock)
        await holder.keep(OVERALL, counts())
        await holder.lease([OVERALL])
        await holder.keep(OVERALL, failed(UpstreamTooSlow()))
        assert await waiting.read([OVERALL]) == {OVERALL: counts()}

    asking(ask)


def test_unavailable_table_grants_every_lease(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CACHE_TABLE", "no-such-table")

    async def ask(table: Table) -> None:
        for rows in (
            RowStore(table, LEASE_S, noon_clock()),
            RowStore(table, LEASE_S, noon_clock()),
        ):
            assert await rows.lease([OVERALL, SYSTEM]) == [OVERALL, SYSTEM]
            assert not await is_leased(rows)
            await rows.keep(OVERALL, failed(UpstreamTooSlow()))
            await rows.release(OVERALL)

    asking(ask)


def test_last_call_is_waited_for() -> None:
    """Another environment, which can't get a call any more, is not told to come back in a minute."""

    async def ask(table: Table) -> None:
        source, settings, clock = LastCall(), Settings.from_environ({}), noon_clock()
        first, second = (
            Catalogue(settings, source, RowStore(table, LEASE_S, clock), Clock(NOON))
            for _ in range(2)
        )
        fetching = asyncio.create_task(first.fetch(OVERALL))
        await source.granted.wait()
        answer = await second.fetch(OVERALL)
        assert list(answer.rows()) == list((await fetching).rows())

    asking(ask)


def test_lease_of_a_wrong_clock_is_free() -> None:
    """Its holder's clock was a year ahead."""

    async def ask(table: Table) -> None:
        clock = noon_clock()
        ahead = Clock(clock.now + 365 * 24 * 3600)
        wrong, right = RowStore(table, LEASE_S, ahead), RowStore(table, LEASE_S, clock)
        assert await wrong.lease([OVERALL]) == [OVERALL]
        assert not await is_leased(right)
        assert await right.lease([OVERALL]) == [OVERALL]

    asking(ask)
