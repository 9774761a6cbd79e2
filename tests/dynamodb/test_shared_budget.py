"""All environments together stay under upstream's limits, wherever its own count starts."""

import asyncio

import pytest

from pulse.problems import UpstreamThrottled
from pulse_io.shared_budget import SharedBudget
from pulse_io.slots import Turn
from pulse_io.table import Table
from tests.dynamodb.environments import MovedClock, asking

pytestmark = pytest.mark.usefixtures("table")

ENDPOINT = "overall"
SOON_S = 1
"""A turn is had for when the write that takes it is over."""

QUEUE_S = 3 + 1
"""Ten calls on others' part take so long, at five a second and a margin; and what is rounded up."""


async def taken_together(budgets: list[SharedBudget], each: int, until: float) -> list[float]:
    """The moments that all of them got, asking at the same time; refusals left out."""
    asked = [budget.take(ENDPOINT, until) for budget in budgets for _ in range(each)]
    outcomes = await asyncio.gather(*asked, return_exceptions=True)
    unexpected = [
        one
        for one in outcomes
        if isinstance(one, BaseException) and not isinstance(one, UpstreamThrottled)
    ]
    assert not unexpected
    return sorted(one.moment for one in outcomes if isinstance(one, Turn))


def test_environments_that_ask_at_once_share_one_budget() -> None:
    async def ask(table: Table) -> None:
        clock = MovedClock()
        budgets = [SharedBudget(table, 5, 30, clock) for _ in range(4)]
        taken = await taken_together(budgets, 10, clock() + 30)
        assert len(taken) == 30
        taken += await taken_together(budgets, 3, clock() + 120)
        assert len(taken) == 42
        for allowed, span in ((5, 1.5), (30, 62)):
            for first, later in zip(taken, taken[allowed:], strict=False):
                assert later >= first + span - 0.001

    asking(ask)


def test_what_does_not_fit_is_told_when_it_will(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pulse_io.shared_budget.random.Random.choice", lambda _, slots: slots[0])

    async def ask(table: Table) -> None:
        clock = MovedClock()
        mine, other = (SharedBudget(table, 0, 1, clock) for _ in range(2))
        moment = (await mine.take(ENDPOINT, clock())).moment
        with pytest.raises(UpstreamThrottled) as caught:
            await other.take(ENDPOINT, clock() + 8)
        assert caught.value.retry_after_s is not None
        assert clock() + caught.value.retry_after_s >= moment + 62
        clock.moved_s += caught.value.retry_after_s
        assert (await other.take(ENDPOINT, clock())).moment <= clock() + SOON_S

    asking(ask)


def test_a_refusal_that_is_known_costs_no_further_request(monkeypatch: pytest.MonkeyPatch) -> None:
    async def ask(table: Table) -> None:
        clock = MovedClock()
        budget = SharedBudget(table, 0, 1, clock)
        await budget.take(ENDPOINT, clock())

        async def fail(*_: object, **__: object) -> None:
            pytest.fail("the table was asked")

        for operation in ("get", "update"):
            monkeypatch.setattr(Table, operation, fail)
        with pytest.raises(UpstreamThrottled):
            await budget.take(ENDPOINT, clock() + 8)

    asking(ask)


def test_each_endpoint_has_a_budget_of_its_own() -> None:
    async def ask(table: Table) -> None:
        clock = MovedClock()
        budget = SharedBudget(table, 0, 1, clock)
        for endpoint in ("overall", "system", "recent"):
            assert (await budget.take(endpoint, clock())).moment <= clock() + SOON_S

    asking(ask)


def test_when_upstream_refuses_one_all_leave_it_alone() -> None:
    async def ask(table: Table) -> None:
        clock = MovedClock()
        refused, other, later = (SharedBudget(table, 5, 30, clock) for _ in range(3))
        await refused.close(ENDPOINT, 60)
        await other.close(ENDPOINT, 5)
        for budget in (refused, other):
            with pytest.raises(UpstreamThrottled) as caught:
                await budget.take(ENDPOINT, clock() + 8)
            assert 50 < (caught.value.retry_after_s or 0) <= 60 + QUEUE_S
        clock.moved_s = 60
        assert (await later.take(ENDPOINT, clock())).moment <= clock() + SOON_S

    asking(ask)


def test_zero_switches_it_off() -> None:
    async def ask(table: Table) -> None:
        clock = MovedClock()
        budget = SharedBudget(table, 0, 0, clock)
        await budget.close(ENDPOINT, 60)
        for _ in range(50):
            assert (await budget.take(ENDPOINT, clock())).moment <= clock() + SOON_S
        assert await table.get("budget#overall") is None

    asking(ask)


def test_while_the_table_is_away_each_goes_by_its_own_and_remembers_the_shared_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def ask(table: Table) -> None:
        clock = MovedClock()
        budget, other = (SharedBudget(table, 0, 2, clock) for _ in range(2))
        moment = (await budget.take(ENDPOINT, clock())).moment
        monkeypatch.setattr(Table, "available", False)
        assert (await budget.take(ENDPOINT, clock())).moment <= clock() + SOON_S
        assert (await budget.take(ENDPOINT, clock() + 100)).moment >= moment + 62
        assert (await other.take(ENDPOINT, clock())).moment <= clock() + SOON_S
        await other.close(ENDPOINT, 10)
        with pytest.raises(UpstreamThrottled):
            await other.take(ENDPOINT, clock() + 1)

    asking(ask)


def test_a_turn_that_was_missed_costs_no_other() -> None:
    async def ask(table: Table) -> None:
        clock = MovedClock()
        late, other = (SharedBudget(table, 5, 30, clock) for _ in range(2))
        missed = await late.take(ENDPOINT, clock())
        clock.moved_s = 1
        taken = await late.take(ENDPOINT, clock(), missed)
        assert taken.slots == missed.slots
        assert taken.moment >= missed.moment + 1
        moments = await taken_together([other], 30, clock() + 30)
        assert len(moments) == 29

    asking(ask)


def test_a_turn_that_was_missed_for_too_long_is_another_environments_by_now() -> None:
    async def ask(table: Table) -> None:
        clock = MovedClock()
        late, other = (SharedBudget(table, 0, 1, clock) for _ in range(2))
        missed = await late.take(ENDPOINT, clock())
        clock.moved_s = 63
        theirs = await other.take(ENDPOINT, clock())
        mine = await late.take(ENDPOINT, clock() + 100, missed)
        assert mine.moment >= theirs.moment + 62

    asking(ask)


def test_a_turn_that_was_missed_for_good_is_given_back() -> None:
    async def ask(table: Table) -> None:
        clock = MovedClock()
        late, other = (SharedBudget(table, 1, 1, clock) for _ in range(2))
        missed = await late.take(ENDPOINT, clock())
        await late.close(ENDPOINT, 10)
        with pytest.raises(UpstreamThrottled):
            await late.take(ENDPOINT, clock() + 5, missed)
        clock.moved_s = 11
        assert (await other.take(ENDPOINT, clock())).moment <= clock() + SOON_S

    asking(ask)


def test_of_a_table_that_does_not_tell_in_time_a_whole_minute_is_promised(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def ask(table: Table) -> None:
        known, unknown = (SharedBudget(table, 5, 30) for _ in range(2))
        await known.look(ENDPOINT)
        monkeypatch.setattr("pulse_io.shared_budget.LONGEST_LOOK_S", 0)
        await unknown.look(ENDPOINT)
        assert known.room_s(ENDPOINT) <= QUEUE_S
        assert unknown.room_s(ENDPOINT) == 62
        assert SharedBudget(table, 0, 0).room_s(ENDPOINT) == 0

    asking(ask)
