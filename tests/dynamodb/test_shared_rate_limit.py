"""All environments together stay under upstream's limits, wherever its own count starts."""

import asyncio

import pytest

from pulse.problems import UpstreamThrottled
from pulse_io.sources.rate_limit import MIN_RETRY_S, milliseconds
from pulse_io.sources.shared_rate_limit import SharedRateLimit
from pulse_io.sources.window import RESERVATION_MS, SlowCall, Window
from pulse_io.store.table import Table
from tests.dynamodb.environments import MovedClock, asking
from tests.dynamodb.meter import Operation
from tests.dynamodb.table_at import TableAt

pytestmark = pytest.mark.usefixtures("table")

ENDPOINT = "overall"
SOON_S = 1
"""A call is granted for a moment after the write that grants it."""

NAME = "requests"
RESERVATION_S = RESERVATION_MS / 1000


async def taken_together(limits: list[SharedRateLimit], each: int, until: float) -> list[float]:
    """The moments that all of them got, asking at the same time; refusals left out."""
    asked = [limit.grant(NAME, until) for limit in limits for _ in range(each)]
    outcomes = await asyncio.gather(*asked, return_exceptions=True)
    unexpected = [
        one
        for one in outcomes
        if isinstance(one, BaseException) and not isinstance(one, UpstreamThrottled)
    ]
    assert not unexpected
    return sorted(one for one in outcomes if isinstance(one, float))


def test_environments_that_ask_at_once_share_one_limit() -> None:
    async def ask(table: Table) -> None:
        clock = MovedClock()
        limits = [SharedRateLimit(table, ENDPOINT, 5, 30, clock) for _ in range(4)]
        taken = await taken_together(limits, 10, clock() + 30)
        assert len(taken) == 30
        taken += await taken_together(limits, 3, clock() + 120)
        assert len(taken) == 42
        for allowed, span in ((5, 1.5), (30, 62)):
            for first, later in zip(taken, taken[allowed:], strict=False):
                assert later >= first + span - 0.001

    asking(ask)


def test_what_does_not_fit_is_told_when_it_will() -> None:
    async def ask(table: Table) -> None:
        clock = MovedClock()
        mine, other = (SharedRateLimit(table, ENDPOINT, 0, 1, clock) for _ in range(2))
        moment = await mine.grant(NAME, clock())
        with pytest.raises(UpstreamThrottled) as caught:
            await other.grant(NAME, clock() + 8)
        assert caught.value.retry_after_s is not None
        assert clock() + caught.value.retry_after_s >= moment + 62
        clock.moved_s += caught.value.retry_after_s
        assert (await other.grant(NAME, clock())) <= clock() + SOON_S

    asking(ask)


def test_a_refusal_that_is_known_costs_no_further_request(monkeypatch: pytest.MonkeyPatch) -> None:
    async def ask(table: Table) -> None:
        clock = MovedClock()
        limit = SharedRateLimit(table, ENDPOINT, 0, 1, clock)
        await limit.grant(NAME, clock())

        async def fail(*_: object, **__: object) -> None:
            pytest.fail("the table was asked")

        for operation in ("get", "put"):
            monkeypatch.setattr(Table, operation, fail)
        with pytest.raises(UpstreamThrottled):
            await limit.grant(NAME, clock() + 8)

    asking(ask)


def test_an_environment_that_nobody_wrote_after_reads_a_window_once(
    operations: list[Operation],
) -> None:
    async def ask(table: Table) -> None:
        clock = MovedClock()
        limit = SharedRateLimit(table, ENDPOINT, 5, 30, clock)
        for _ in range(3):
            await limit.grant(NAME, clock() + SOON_S)
            clock.moved_s += 10

    asking(ask)
    assert [one.name for one in operations] == ["GetItem", "PutItem", "PutItem", "PutItem"]


def test_what_others_wrote_since_is_found_by_the_write(operations: list[Operation]) -> None:
    async def ask(table: Table) -> None:
        clock = MovedClock()
        mine, other = (SharedRateLimit(table, ENDPOINT, 0, 2, clock) for _ in range(2))
        await mine.grant(NAME, clock() + SOON_S)
        await other.grant(NAME, clock() + SOON_S)
        clock.moved_s = 10
        with pytest.raises(UpstreamThrottled) as caught:
            await mine.grant(NAME, clock() + 8)
        assert 51 <= (caught.value.retry_after_s or 0) <= 53
        clock.moved_s = 70
        await mine.grant(NAME, clock() + SOON_S)

    asking(ask)
    both, found_out = ["GetItem", "PutItem"] * 2, ["PutItem", "GetItem"]
    assert [one.name for one in operations] == [*both, *found_out, "GetItem", "PutItem"]


def test_nobody_is_refused_by_what_was_known_long_ago() -> None:
    async def ask(table: Table) -> None:
        clock = MovedClock()
        mine, other = (SharedRateLimit(table, ENDPOINT, 1, 1, clock) for _ in range(2))
        missed = await mine.grant(NAME, clock() + SOON_S)
        await other.close(10)
        with pytest.raises(UpstreamThrottled):  # which gives the moment back
            await other.grant(NAME, clock() + 5, missed)
        clock.moved_s = 11
        assert (await mine.grant(NAME, clock())) <= clock() + SOON_S

    asking(ask)


def test_a_window_that_has_expired_and_begun_anew_is_not_taken_for_the_old_one(
    table: TableAt,
) -> None:
    async def ask(shared: Table) -> None:
        clock = MovedClock()
        mine, other = (SharedRateLimit(shared, ENDPOINT, 0, 1, clock) for _ in range(2))
        await mine.grant(NAME, clock() + SOON_S)
        table.client.delete_item(TableName=table.name, Key={"key": {"S": "rate_limit#overall"}})
        clock.moved_s = 7300
        await other.grant(NAME, clock() + SOON_S)
        with pytest.raises(UpstreamThrottled):
            await mine.grant(NAME, clock() + 8)

    asking(ask)


def test_each_endpoint_has_a_limit_of_its_own() -> None:
    async def ask(table: Table) -> None:
        clock = MovedClock()
        for endpoint in ("overall", "system", "recent"):
            limit = SharedRateLimit(table, endpoint, 0, 1, clock)
            assert (await limit.grant(NAME, clock())) <= clock() + SOON_S

    asking(ask)


def test_when_upstream_refuses_one_all_leave_it_alone() -> None:
    async def ask(table: Table) -> None:
        clock = MovedClock()
        refused, other, later = (SharedRateLimit(table, ENDPOINT, 5, 30, clock) for _ in range(3))
        await refused.close(60)
        await other.close(5)
        for limit in (refused, other):
            with pytest.raises(UpstreamThrottled) as caught:
                await limit.grant(NAME, clock() + 8)
            assert 50 < (caught.value.retry_after_s or 0) <= 60
        clock.moved_s = 60
        assert (await later.grant(NAME, clock())) <= clock() + SOON_S

    asking(ask)


def test_zero_switches_it_off() -> None:
    async def ask(table: Table) -> None:
        clock = MovedClock()
        limit = SharedRateLimit(table, ENDPOINT, 0, 0, clock)
        await limit.close(60)
        for _ in range(50):
            assert (await limit.grant(NAME, clock())) <= clock() + SOON_S
        assert await table.get("rate_limit#overall") is None

    asking(ask)


def test_while_the_table_is_away_each_goes_by_its_own_and_remembers_the_shared_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def ask(table: Table) -> None:
        clock = MovedClock()
        limit, other = (SharedRateLimit(table, ENDPOINT, 0, 2, clock) for _ in range(2))
        moment = await limit.grant(NAME, clock())
        monkeypatch.setattr(Table, "available", False)
        assert (await limit.grant(NAME, clock())) <= clock() + SOON_S
        assert (await limit.grant(NAME, clock() + 100)) >= moment + 62
        assert (await other.grant(NAME, clock())) <= clock() + SOON_S
        await other.close(10)
        with pytest.raises(UpstreamThrottled):
            await other.grant(NAME, clock() + 1)

    asking(ask)


def test_a_moment_that_was_missed_costs_no_other() -> None:
    async def ask(table: Table) -> None:
        clock = MovedClock()
        late, other = (SharedRateLimit(table, ENDPOINT, 5, 30, clock) for _ in range(2))
        missed = await late.grant(NAME, clock())
        clock.moved_s = 1
        taken = await late.grant(NAME, clock(), missed)
        assert taken >= missed + 1
        moments = await taken_together([other], 30, clock() + 30)
        assert len(moments) == 29

    asking(ask)


def test_a_moment_that_was_missed_for_too_long_is_another_environments_by_now() -> None:
    async def ask(table: Table) -> None:
        clock = MovedClock()
        late, other = (SharedRateLimit(table, ENDPOINT, 0, 1, clock) for _ in range(2))
        missed = await late.grant(NAME, clock())
        clock.moved_s = 63
        theirs = await other.grant(NAME, clock())
        mine = await late.grant(NAME, clock() + 100, missed)
        assert mine >= theirs + 62

    asking(ask)


def test_a_moment_that_was_missed_for_good_is_given_back() -> None:
    async def ask(table: Table) -> None:
        clock = MovedClock()
        late, other = (SharedRateLimit(table, ENDPOINT, 1, 1, clock) for _ in range(2))
        missed = await late.grant(NAME, clock())
        await late.close(10)
        with pytest.raises(UpstreamThrottled):
            await late.grant(NAME, clock() + 5, missed)
        clock.moved_s = 11
        assert (await other.grant(NAME, clock())) <= clock() + SOON_S

    asking(ask)


def test_a_call_that_one_environment_waits_for_counts_for_all() -> None:
    async def ask(table: Table) -> None:
        clock = MovedClock()
        slow, other = (SharedRateLimit(table, ENDPOINT, 1, 30, clock) for _ in range(2))
        moment = await slow.grant(NAME, clock())
        granted = await other.grant("django", clock() + 10)
        call = SlowCall(NAME, milliseconds(moment), milliseconds(clock() + 15))
        await slow.record(call)
        clock.moved_s = granted - moment
        assert not await other.permits(granted)
        assert other.window.blocked_ms is not None
        assert other.window.is_unanswered(NAME)
        await slow.record(call._replace(counted_by=milliseconds(clock())))
        clock.moved_s += 3
        assert await other.grant("django", clock(), granted) <= clock() + SOON_S
        assert other.window.blocked_ms is None

    asking(ask)


def test_what_one_environment_reserved_all_others_keep() -> None:
    async def ask(table: Table) -> None:
        clock = MovedClock()
        mine, other, third = (SharedRateLimit(table, ENDPOINT, 0, 1, clock) for _ in range(3))
        await mine.grant("numpy", clock())
        reserved_s = await mine.reserve_s("flask")
        assert 61 < reserved_s <= 62
        assert await other.reserve_s("flask") == pytest.approx(reserved_s, abs=SOON_S)
        clock.moved_s = reserved_s
        with pytest.raises(UpstreamThrottled) as caught:
            await third.grant("django", clock() + 8)
        assert RESERVATION_S < (caught.value.retry_after_s or 0) <= RESERVATION_S + 62
        turn = await third.grant("flask", clock())
        assert turn <= clock() + SOON_S
        assert (await mine.grant("django", clock() + 100)) >= turn + 62

    asking(ask)


def test_a_reservation_that_nobody_came_for_is_for_all() -> None:
    async def ask(table: Table) -> None:
        clock = MovedClock()
        mine, other = (SharedRateLimit(table, ENDPOINT, 5, 1, clock) for _ in range(2))
        assert await mine.reserve_s("flask") <= MIN_RETRY_S
        clock.moved_s = MIN_RETRY_S + RESERVATION_S
        assert (await other.grant("django", clock())) <= clock() + SOON_S

    asking(ask)


def test_environments_that_reserve_at_once_reserve_each_name_once() -> None:
    async def ask(table: Table) -> None:
        clock = MovedClock()
        limits = [SharedRateLimit(table, ENDPOINT, 5, 30, clock) for _ in range(4)]
        names = [f"package-{number}" for number in range(20)]
        asked = [(limit, name) for limit in limits for name in names]
        waits = await asyncio.gather(*(limit.reserve_s(name) for limit, name in asked))
        item = await table.get("rate_limit#overall") or {}
        window = Window(5, 30).unpack(item["window"])
        assert sorted(window.reservations) == sorted(names)
        for name in names:
            told = [wait for (_, asker), wait in zip(asked, waits, strict=True) if asker == name]
            assert max(told) - min(told) < 2 * SOON_S

    asking(ask)


def test_who_can_be_served_at_once_leaves_the_reserved_moment_to_others() -> None:
    async def ask(table: Table) -> None:
        clock = MovedClock()
        mine, other = (SharedRateLimit(table, ENDPOINT, 0, 2, clock) for _ in range(2))
        await mine.reserve_s("flask")
        assert (await mine.grant("flask", clock())) <= clock() + SOON_S
        taken = await other.grant("django", clock() + MIN_RETRY_S + SOON_S)
        assert taken <= clock() + MIN_RETRY_S

    asking(ask)


def test_no_reservation_is_for_when_upstream_wants_to_be_left_alone() -> None:
    async def ask(table: Table) -> None:
        clock = MovedClock()
        refused, other = (SharedRateLimit(table, ENDPOINT, 5, 30, clock) for _ in range(2))
        assert await other.reserve_s("django") <= MIN_RETRY_S
        await refused.close(60)
        for name in ("django", "flask"):  # the first was reserved before, and has moved
            assert 58 < await refused.reserve_s(name) <= 60 + 1

    asking(ask)


def test_while_the_table_is_away_each_reserves_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CACHE_TABLE", "no-such-table")

    async def ask(table: Table) -> None:
        limit = SharedRateLimit(table, ENDPOINT, 0, 1)
        assert await limit.reserve_s("flask") == pytest.approx(MIN_RETRY_S, abs=0.1)
        assert await limit.reserve_s("django") > 62
        with pytest.raises(UpstreamThrottled):
            await limit.grant("django", 0)

    asking(ask)


def test_a_table_that_does_not_tell_in_time_is_told_for_with_caution(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("pulse_io.sources.shared_rate_limit.MAX_RESERVING_S", 0)

    async def ask(table: Table) -> None:
        assert await SharedRateLimit(table, ENDPOINT, 5, 30).reserve_s("flask") >= 62
        assert await SharedRateLimit(table, ENDPOINT, 0, 0).reserve_s("flask") == pytest.approx(
            MIN_RETRY_S
        )

    asking(ask)
