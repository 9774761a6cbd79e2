"""All environments together stay under upstream's limits, wherever its own count starts."""

import asyncio

import pytest

from pulse.problems import UpstreamThrottled
from pulse_io.shared_budget import SharedBudget
from pulse_io.slots import KEPT_S, SOONEST_S, Turn
from pulse_io.table import Table
from tests.dynamodb.environments import MovedClock, asking

pytestmark = pytest.mark.usefixtures("table")

ENDPOINT = "overall"
SOON_S = 1
"""A turn is had for when the write that takes it is over."""

NAME = "requests"


async def taken_together(budgets: list[SharedBudget], each: int, until: float) -> list[float]:
    """The moments that all of them got, asking at the same time; refusals left out."""
    asked = [budget.take(ENDPOINT, NAME, until) for budget in budgets for _ in range(each)]
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


def test_what_does_not_fit_is_told_when_it_will() -> None:
    async def ask(table: Table) -> None:
        clock = MovedClock()
        mine, other = (SharedBudget(table, 0, 1, clock) for _ in range(2))
        moment = (await mine.take(ENDPOINT, NAME, clock())).moment
        with pytest.raises(UpstreamThrottled) as caught:
            await other.take(ENDPOINT, NAME, clock() + 8)
        assert caught.value.retry_after_s is not None
        assert clock() + caught.value.retry_after_s >= moment + 62
        clock.moved_s += caught.value.retry_after_s
        assert (await other.take(ENDPOINT, NAME, clock())).moment <= clock() + SOON_S

    asking(ask)


def test_a_refusal_that_is_known_costs_no_further_request(monkeypatch: pytest.MonkeyPatch) -> None:
    async def ask(table: Table) -> None:
        clock = MovedClock()
        budget = SharedBudget(table, 0, 1, clock)
        await budget.take(ENDPOINT, NAME, clock())

        async def fail(*_: object, **__: object) -> None:
            pytest.fail("the table was asked")

        for operation in ("get", "update"):
            monkeypatch.setattr(Table, operation, fail)
        with pytest.raises(UpstreamThrottled):
            await budget.take(ENDPOINT, NAME, clock() + 8)

    asking(ask)


def test_each_endpoint_has_a_budget_of_its_own() -> None:
    async def ask(table: Table) -> None:
        clock = MovedClock()
        budget = SharedBudget(table, 0, 1, clock)
        for endpoint in ("overall", "system", "recent"):
            assert (await budget.take(endpoint, NAME, clock())).moment <= clock() + SOON_S

    asking(ask)


def test_when_upstream_refuses_one_all_leave_it_alone() -> None:
    async def ask(table: Table) -> None:
        clock = MovedClock()
        refused, other, later = (SharedBudget(table, 5, 30, clock) for _ in range(3))
        await refused.close(ENDPOINT, 60)
        await other.close(ENDPOINT, 5)
        for budget in (refused, other):
            with pytest.raises(UpstreamThrottled) as caught:
                await budget.take(ENDPOINT, NAME, clock() + 8)
            assert 50 < (caught.value.retry_after_s or 0) <= 60
        clock.moved_s = 60
        assert (await later.take(ENDPOINT, NAME, clock())).moment <= clock() + SOON_S

    asking(ask)


def test_zero_switches_it_off() -> None:
    async def ask(table: Table) -> None:
        clock = MovedClock()
        budget = SharedBudget(table, 0, 0, clock)
        await budget.close(ENDPOINT, 60)
        for _ in range(50):
            assert (await budget.take(ENDPOINT, NAME, clock())).moment <= clock() + SOON_S
        assert await table.get("budget#overall") is None

    asking(ask)


def test_while_the_table_is_away_each_goes_by_its_own_and_remembers_the_shared_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def ask(table: Table) -> None:
        clock = MovedClock()
        budget, other = (SharedBudget(table, 0, 2, clock) for _ in range(2))
        moment = (await budget.take(ENDPOINT, NAME, clock())).moment
        monkeypatch.setattr(Table, "available", False)
        assert (await budget.take(ENDPOINT, NAME, clock())).moment <= clock() + SOON_S
        assert (await budget.take(ENDPOINT, NAME, clock() + 100)).moment >= moment + 62
        assert (await other.take(ENDPOINT, NAME, clock())).moment <= clock() + SOON_S
        await other.close(ENDPOINT, 10)
        with pytest.raises(UpstreamThrottled):
            await other.take(ENDPOINT, NAME, clock() + 1)

    asking(ask)


def test_a_turn_that_was_missed_costs_no_other() -> None:
    async def ask(table: Table) -> None:
        clock = MovedClock()
        late, other = (SharedBudget(table, 5, 30, clock) for _ in range(2))
        missed = await late.take(ENDPOINT, NAME, clock())
        clock.moved_s = 1
        taken = await late.take(ENDPOINT, NAME, clock(), missed)
        assert taken.slots == missed.slots
        assert taken.moment >= missed.moment + 1
        moments = await taken_together([other], 30, clock() + 30)
        assert len(moments) == 29

    asking(ask)


def test_a_turn_that_was_missed_for_too_long_is_another_environments_by_now() -> None:
    async def ask(table: Table) -> None:
        clock = MovedClock()
        late, other = (SharedBudget(table, 0, 1, clock) for _ in range(2))
        missed = await late.take(ENDPOINT, NAME, clock())
        clock.moved_s = 63
        theirs = await other.take(ENDPOINT, NAME, clock())
        mine = await late.take(ENDPOINT, NAME, clock() + 100, missed)
        assert mine.moment >= theirs.moment + 62

    asking(ask)


def test_a_turn_that_was_missed_for_good_is_given_back() -> None:
    async def ask(table: Table) -> None:
        clock = MovedClock()
        late, other = (SharedBudget(table, 1, 1, clock) for _ in range(2))
        missed = await late.take(ENDPOINT, NAME, clock())
        await late.close(ENDPOINT, 10)
        with pytest.raises(UpstreamThrottled):
            await late.take(ENDPOINT, NAME, clock() + 5, missed)
        clock.moved_s = 11
        assert (await other.take(ENDPOINT, NAME, clock())).moment <= clock() + SOON_S

    asking(ask)


def test_what_one_environment_promised_all_others_keep() -> None:
    async def ask(table: Table) -> None:
        clock = MovedClock()
        mine, other, third = (SharedBudget(table, 0, 1, clock) for _ in range(3))
        await mine.take(ENDPOINT, "numpy", clock())
        promised_s = await mine.promise_s(ENDPOINT, "flask")
        assert 61 < promised_s <= 62
        assert await other.promise_s(ENDPOINT, "flask") == pytest.approx(promised_s, abs=SOON_S)
        clock.moved_s = promised_s
        with pytest.raises(UpstreamThrottled) as caught:
            await third.take(ENDPOINT, "django", clock() + 8)
        assert caught.value.retry_after_s in {KEPT_S - 1, KEPT_S}
        turn = await third.take(ENDPOINT, "flask", clock())
        assert turn.moment <= clock() + SOON_S
        assert (await mine.take(ENDPOINT, "django", clock() + 100)).moment >= turn.moment + 62

    asking(ask)


def test_a_promise_that_nobody_came_for_is_for_all() -> None:
    async def ask(table: Table) -> None:
        clock = MovedClock()
        mine, other = (SharedBudget(table, 5, 1, clock) for _ in range(2))
        assert await mine.promise_s(ENDPOINT, "flask") <= SOONEST_S
        clock.moved_s = SOONEST_S + KEPT_S
        assert (await other.take(ENDPOINT, "django", clock())).moment <= clock() + SOON_S

    asking(ask)


def test_environments_that_promise_at_once_promise_each_name_one_moment() -> None:
    async def ask(table: Table) -> None:
        clock = MovedClock()
        budgets = [SharedBudget(table, 5, 30, clock) for _ in range(4)]
        names = [f"package-{number}" for number in range(20)]
        asked = [(budget, name) for budget in budgets for name in names]
        waits = await asyncio.gather(*(budget.promise_s(ENDPOINT, name) for budget, name in asked))
        item = await table.get("budget#overall") or {}
        kept = [value for slot, value in item.items() if slot.endswith("_for")]
        assert sorted(kept) == sorted(names)
        for name in names:
            told = [wait for (_, asker), wait in zip(asked, waits, strict=True) if asker == name]
            assert max(told) - min(told) < 2 * SOON_S

    asking(ask)


def test_who_can_be_served_at_once_leaves_the_promised_moment_to_others() -> None:
    async def ask(table: Table) -> None:
        clock = MovedClock()
        mine, other = (SharedBudget(table, 0, 2, clock) for _ in range(2))
        await mine.promise_s(ENDPOINT, "flask")
        assert (await mine.take(ENDPOINT, "flask", clock())).moment <= clock() + SOON_S
        taken = await other.take(ENDPOINT, "django", clock() + SOONEST_S + SOON_S)
        assert taken.moment <= clock() + SOONEST_S

    asking(ask)


def test_no_promise_is_for_when_upstream_wants_to_be_left_alone() -> None:
    async def ask(table: Table) -> None:
        clock = MovedClock()
        refused, other = (SharedBudget(table, 5, 30, clock) for _ in range(2))
        assert await other.promise_s(ENDPOINT, "django") <= SOONEST_S
        await refused.close(ENDPOINT, 60)
        assert 58 < await other.promise_s(ENDPOINT, "flask") <= 60

    asking(ask)


def test_while_the_table_is_away_each_promises_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CACHE_TABLE", "no-such-table")

    async def ask(table: Table) -> None:
        budget = SharedBudget(table, 0, 1)
        assert await budget.promise_s(ENDPOINT, "flask") == pytest.approx(SOONEST_S)
        assert await budget.promise_s(ENDPOINT, "django") > 62
        with pytest.raises(UpstreamThrottled):
            await budget.take(ENDPOINT, "django", 0)

    asking(ask)


def test_a_table_that_does_not_tell_in_time_is_promised_for_with_caution(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("pulse_io.shared_budget.LONGEST_PROMISE_S", 0)

    async def ask(table: Table) -> None:
        assert await SharedBudget(table, 5, 30).promise_s(ENDPOINT, "flask") >= 62
        assert await SharedBudget(table, 0, 0).promise_s(ENDPOINT, "flask") == pytest.approx(
            SOONEST_S
        )

    asking(ask)
