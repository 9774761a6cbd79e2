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


async def granted_together(limits: list[SharedRateLimit], each: int, until: float) -> list[float]:
    """The moments granted to concurrent calls, without refusals."""
    asked = [limit.grant(NAME, until) for limit in limits for _ in range(each)]
    outcomes = await asyncio.gather(*asked, return_exceptions=True)
    unexpected = [
        one
        for one in outcomes
        if isinstance(one, BaseException) and not isinstance(one, UpstreamThrottled)
    ]
    assert not unexpected
    return sorted(one for one in outcomes if isinstance(one, float))


def test_concurrent_environments_share_one_limit() -> None:
    async def ask(table: Table) -> None:
        clock = MovedClock()
        limits = [SharedRateLimit(table, ENDPOINT, 5, 30, clock) for _ in range(4)]
        taken = await granted_together(limits, 10, clock() + 30)
        assert len(taken) == 30
        taken += await granted_together(limits, 3, clock() + 120)
        assert len(taken) == 42
        for allowed, span in ((5, 1.5), (30, 62)):
            for first, later in zip(taken, taken[allowed:], strict=False):
                assert later >= first + span - 0.001

    asking(ask)


def test_retry_after_is_true_for_all_environments() -> None:
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


def test_known_refusal_makes_no_request(monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_window_without_other_writers_is_read_once(
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


def test_failed_write_finds_changes_of_others(operations: list[Operation]) -> None:
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


def test_old_knowledge_refuses_no_call() -> None:
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


def test_recreated_window_is_not_mistaken_for_the_old_one(
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


def test_each_endpoint_has_its_own_limit() -> None:
    async def ask(table: Table) -> None:
        clock = MovedClock()
        for endpoint in ("overall", "system", "recent"):
            limit = SharedRateLimit(table, endpoint, 0, 1, clock)
            assert (await limit.grant(NAME, clock())) <= clock() + SOON_S

    asking(ask)


def test_several_refusals_close_all_environments() -> None:
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


def test_zero_is_no_limit() -> None:
    async def ask(table: Table) -> None:
        clock = MovedClock()
        limit = SharedRateLimit(table, ENDPOINT, 0, 0, clock)
        await limit.close(60)
        for _ in range(50):
            assert (await limit.grant(NAME, clock())) <= clock() + SOON_S
        assert await table.get("rate_limit#overall") is None

    asking(ask)


def test_fallback_remembers_shared_calls(
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


def test_missed_moment_is_granted_again() -> None:
    async def ask(table: Table) -> None:
        clock = MovedClock()
        late, other = (SharedRateLimit(table, ENDPOINT, 5, 30, clock) for _ in range(2))
        missed = await late.grant(NAME, clock())
        clock.moved_s = 1
        taken = await late.grant(NAME, clock(), missed)
        assert taken >= missed + 1
        moments = await granted_together([other], 30, clock() + 30)
        assert len(moments) == 29

    asking(ask)


def test_long_missed_moment_is_lost() -> None:
    async def ask(table: Table) -> None:
        clock = MovedClock()
        late, other = (SharedRateLimit(table, ENDPOINT, 0, 1, clock) for _ in range(2))
        missed = await late.grant(NAME, clock())
        clock.moved_s = 63
        theirs = await other.grant(NAME, clock())
        mine = await late.grant(NAME, clock() + 100, missed)
        assert mine >= theirs + 62

    asking(ask)


def test_missed_moment_is_given_back() -> None:
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


def test_slow_call_counts_for_all_environments() -> None:
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


def test_reservation_holds_for_all_environments() -> None:
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


def test_unused_reservation_expires() -> None:
    async def ask(table: Table) -> None:
        clock = MovedClock()
        mine, other = (SharedRateLimit(table, ENDPOINT, 5, 1, clock) for _ in range(2))
        assert await mine.reserve_s("flask") <= MIN_RETRY_S
        clock.moved_s = MIN_RETRY_S + RESERVATION_S
        assert (await other.grant("django", clock())) <= clock() + SOON_S

    asking(ask)


def test_concurrent_reservations_are_one_per_name() -> None:
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


def test_early_call_frees_its_reservation() -> None:
    async def ask(table: Table) -> None:
        clock = MovedClock()
        mine, other = (SharedRateLimit(table, ENDPOINT, 0, 2, clock) for _ in range(2))
        await mine.reserve_s("flask")
        assert (await mine.grant("flask", clock())) <= clock() + SOON_S
        taken = await other.grant("django", clock() + MIN_RETRY_S + SOON_S)
        assert taken <= clock() + MIN_RETRY_S

    asking(ask)


def test_reservation_is_after_a_refusal() -> None:
    async def ask(table: Table) -> None:
        clock = MovedClock()
        refused, other = (SharedRateLimit(table, ENDPOINT, 5, 30, clock) for _ in range(2))
        assert await other.reserve_s("django") <= MIN_RETRY_S
        await refused.close(60)
        for name in ("django", "flask"):  # the first was reserved before, and has moved
            assert 58 < await refused.reserve_s(name) <= 60 + 1

    asking(ask)


def test_fallback_reserves_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CACHE_TABLE", "no-such-table")

    async def ask(table: Table) -> None:
        limit = SharedRateLimit(table, ENDPOINT, 0, 1)
        assert await limit.reserve_s("flask") == pytest.approx(MIN_RETRY_S, abs=0.1)
        assert await limit.reserve_s("django") > 62
        with pytest.raises(UpstreamThrottled):
            await limit.grant("django", 0)

    asking(ask)


def test_slow_table_gives_a_careful_retry_after(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("pulse_io.sources.shared_rate_limit.MAX_RESERVING_S", 0)

    async def ask(table: Table) -> None:
        assert await SharedRateLimit(table, ENDPOINT, 5, 30).reserve_s("flask") >= 62
        assert await SharedRateLimit(table, ENDPOINT, 0, 0).reserve_s("flask") == pytest.approx(
            MIN_RETRY_S
        )

    asking(ask)
