"""Of all environments one asks; whoever waits learns how it went, and takes over if it died."""

import asyncio

import pytest
from pulse_io.leases import LEASE_S, Leases
from pulse_io.table import Table

from pulse.problems import (
    UpstreamBroken,
    UpstreamProblem,
    UpstreamThrottled,
    UpstreamTooSlow,
    UpstreamUnreachable,
)
from tests.dynamodb.environments import MovedClock, asking

pytestmark = pytest.mark.usefixtures("table")

NAME = "overall#requests"


def test_a_lease_has_one_holder_until_it_is_given_back() -> None:
    async def ask(table: Table) -> None:
        first, second = Leases(table), Leases(table)
        lease = await first.take(NAME)
        assert lease is not None
        assert await second.take(NAME) is None
        assert await second.take("system#requests") is not None
        assert await second.is_held(NAME, since=0)
        async with lease:
            pass
        assert not await second.is_held(NAME, since=0)
        assert await second.take(NAME) is not None

    asking(ask)


def test_the_lease_of_a_holder_that_died_is_taken_over() -> None:
    async def ask(table: Table) -> None:
        clock = MovedClock()
        survivor = Leases(table, clock)
        dead = await Leases(table).take(NAME)
        assert dead is not None
        clock.moved_s = LEASE_S / 2
        assert await survivor.take(NAME) is None
        clock.moved_s = LEASE_S + 0.1
        assert not await survivor.is_held(NAME, since=0)
        taken = await survivor.take(NAME)
        assert taken is not None
        async with dead:
            pass  # it was not dead, but thought so: what it gives back is no longer its own
        assert await survivor.is_held(NAME, since=0)

    asking(ask)


def test_a_holder_that_is_at_work_keeps_its_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pulse_io.leases.RENEWED_AFTER_S", 0.01)

    async def ask(table: Table) -> None:
        holders, others = MovedClock(), MovedClock()
        lease = await Leases(table, holders).take(NAME)
        assert lease is not None
        holders.moved_s = others.moved_s = LEASE_S + 1
        waiting = Leases(table, others)
        async with asyncio.timeout(30), lease:
            while not await waiting.is_held(NAME, since=0):  # noqa: ASYNC110 - a renewal tells nobody
                await asyncio.sleep(0)
            assert await waiting.take(NAME) is None

    asking(ask)


@pytest.mark.parametrize(
    "problem",
    [
        UpstreamBroken.because("its status is 500"),
        UpstreamTooSlow(),
        UpstreamUnreachable(),
    ],
    ids=lambda problem: problem.slug,
)
def test_those_who_waited_learn_why_the_holder_failed(problem: UpstreamProblem) -> None:
    async def ask(table: Table) -> None:
        leases, waiting = Leases(table), Leases(table)
        lease = await leases.take(NAME)
        assert lease is not None
        with pytest.raises(type(problem)):
            async with lease:
                raise problem
        with pytest.raises(type(problem)) as caught:
            await waiting.is_held(NAME, since=0)
        assert caught.value.detail == problem.detail
        assert caught.value.retry_after_s == problem.retry_after_s

    asking(ask)


def test_a_holder_for_whom_there_was_no_moment_is_no_reason_for_others_not_to_try() -> None:
    async def ask(table: Table) -> None:
        leases, waiting = Leases(table), Leases(table)
        lease = await leases.take(NAME)
        assert lease is not None
        with pytest.raises(UpstreamThrottled):
            async with lease:
                raise UpstreamThrottled(42)
        assert not await waiting.is_held(NAME, since=0)
        assert await waiting.take(NAME) is not None

    asking(ask)


def test_a_failure_is_nothing_to_those_who_come_after_it() -> None:
    async def ask(table: Table) -> None:
        clock = MovedClock()
        lease = await Leases(table).take(NAME)
        assert lease is not None
        with pytest.raises(UpstreamTooSlow):
            async with lease:
                raise UpstreamTooSlow
        clock.moved_s = 1
        later = Leases(table, clock)
        assert not await later.is_held(NAME, since=clock())
        assert await later.take(NAME) is not None

    asking(ask)


def test_while_the_table_is_away_everyone_may_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CACHE_TABLE", "no-such-table")

    async def ask(table: Table) -> None:
        for leases in (Leases(table), Leases(table)):
            lease = await leases.take(NAME)
            assert lease is not None
            assert not await leases.is_held(NAME, since=0)
            async with lease:
                pass

    asking(ask)


def test_a_lease_whose_table_goes_away_disturbs_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pulse_io.leases.RENEWED_AFTER_S", 0.01)

    async def ask(table: Table) -> None:
        lease = await Leases(table).take(NAME)
        assert lease is not None
        monkeypatch.setattr(Table, "available", False)
        async with lease:
            await asyncio.sleep(0)

    asking(ask)
