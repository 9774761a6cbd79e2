"""One environment fetches; the others wait for its result, or take over if it died."""

import datetime as dt

import pytest

from pulse.daily_counts import DailyCounts
from pulse.names import PackageName
from pulse.problems import UpstreamBroken, UpstreamProblem, UpstreamTooSlow, UpstreamUnreachable
from pulse.questions import Breakdown, Question
from pulse_io.store.answers import FAILURE_KEPT_FOR, Failure
from pulse_io.store.rows import RowStore
from pulse_io.store.table import Table
from tests.dynamodb.environments import NOON, asking

pytestmark = pytest.mark.usefixtures("table")

LEASE_S = 14
OVERALL = Question(PackageName.parse("requests"), Breakdown.OVERALL)
SYSTEM = OVERALL._replace(breakdown=Breakdown.SYSTEM)
PROBLEMS = [
    UpstreamBroken.because("its status is 500"),
    UpstreamTooSlow(),
    UpstreamUnreachable(),
]


class Time:
    """A clock for leases that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = NOON.timestamp()

    def __call__(self) -> float:
        return self.now


def failed(problem: UpstreamProblem) -> Failure:
    return Failure(problem, NOON, NOON + FAILURE_KEPT_FOR)


def counts(fresh_for_s: int = 3600) -> DailyCounts:
    day, until = NOON.date(), NOON + dt.timedelta(seconds=fresh_for_s)
    return DailyCounts(day, {"with_mirrors": [1]}, "simulated", NOON, day, until)


async def is_leased(rows: RowStore, question: Question = OVERALL) -> bool:
    return question in (await rows.read_with_leases([question])).leased


def test_only_one_environment_gets_a_lease() -> None:
    async def ask(table: Table) -> None:
        time = Time()
        first, second = RowStore(table, LEASE_S, time), RowStore(table, LEASE_S, time)
        assert await first.lease([OVERALL]) == [OVERALL]
        assert await second.lease([OVERALL, SYSTEM]) == [SYSTEM]
        assert await first.lease([SYSTEM]) == []
        found = await second.read_with_leases([OVERALL, SYSTEM])
        assert found.leased == {OVERALL, SYSTEM}
        assert not found.kept

    asking(ask)


def test_expired_lease_is_taken_over() -> None:
    """The former holder can neither release nor overwrite the lease of its successor."""

    async def ask(table: Table) -> None:
        time = Time()
        dead, survivor, third = (RowStore(table, LEASE_S, time) for _ in range(3))
        await dead.lease([OVERALL])
        time.now += LEASE_S - 0.1
        assert await survivor.lease([OVERALL]) == []
        assert await is_leased(survivor)
        time.now += 0.2
        assert not await is_leased(survivor)
        assert await survivor.lease([OVERALL]) == [OVERALL]
        assert await third.lease([OVERALL]) == []
        # It was only slow: it can no longer release the lease or store a failure.
        await dead.release(OVERALL)
        await dead.keep(OVERALL, failed(UpstreamTooSlow()))
        found = await third.read_with_leases([OVERALL])
        assert found.leased == {OVERALL}
        assert not found.kept

    asking(ask)


def test_holder_may_repeat_its_lease() -> None:
    """A client may repeat a write whose response was lost: the holder must not lose to itself."""

    async def ask(table: Table) -> None:
        rows = RowStore(table, LEASE_S, Time())
        assert await rows.lease([OVERALL]) == [OVERALL]
        assert await rows.lease([OVERALL]) == [OVERALL]

    asking(ask)


def test_released_lease_is_free_at_once() -> None:
    async def ask(table: Table) -> None:
        time = Time()
        first, second = RowStore(table, LEASE_S, time), RowStore(table, LEASE_S, time)
        await first.lease([OVERALL])
        await first.release(OVERALL)
        assert not await is_leased(second)
        assert await second.lease([OVERALL]) == [OVERALL]

    asking(ask)


@pytest.mark.parametrize(("fresh_for_s", "free"), [(10, True), (3600, False)])
def test_lease_ends_with_freshness_of_its_answer(fresh_for_s: int, *, free: bool) -> None:
    async def ask(table: Table) -> None:
        time = Time()
        first, second = RowStore(table, LEASE_S, time), RowStore(table, LEASE_S, time)
        await first.lease([OVERALL])
        await first.keep(OVERALL, counts(fresh_for_s))
        time.now += fresh_for_s if free else 0
        assert await second.lease([OVERALL]) == [OVERALL] * free

    asking(ask)


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.slug)
def test_failure_is_shared_for_ten_seconds(
    problem: UpstreamProblem,
) -> None:
    """Waiting environments get the holder's failure, and upstream is not called again meanwhile."""

    async def ask(table: Table) -> None:
        time = Time()
        holder, waiting = RowStore(table, LEASE_S, time), RowStore(table, LEASE_S, time)
        await holder.lease([OVERALL])
        await holder.keep(OVERALL, failed(problem))
        time.now += 9.9
        found = await waiting.read_with_leases([OVERALL, SYSTEM])
        assert not found.leased
        ((question, told),) = found.kept.items()
        assert question == OVERALL
        assert isinstance(told, Failure)
        assert type(told.problem) is type(problem)
        assert told.problem.detail == problem.detail
        assert (told.since, told.fresh_until) == (NOON, NOON + dt.timedelta(seconds=10))
        for rows in (waiting, holder):
            assert await rows.lease([OVERALL]) == []
        time.now += 0.2
        assert not (await waiting.read_with_leases([OVERALL])).kept
        assert await waiting.lease([OVERALL]) == [OVERALL]

    asking(ask)


def test_failure_keeps_earlier_counts() -> None:
    async def ask(table: Table) -> None:
        time = Time()
        holder, waiting = RowStore(table, LEASE_S, time), RowStore(table, LEASE_S, time)
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
        for rows in (RowStore(table, LEASE_S, Time()), RowStore(table, LEASE_S, Time())):
            assert await rows.lease([OVERALL, SYSTEM]) == [OVERALL, SYSTEM]
            assert not await is_leased(rows)
            await rows.keep(OVERALL, failed(UpstreamTooSlow()))
            await rows.release(OVERALL)

    asking(ask)
