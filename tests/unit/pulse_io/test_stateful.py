"""Stateful tests: limits and reservations hold for all environments under any order of events."""

import asyncio
import datetime as dt
from collections import defaultdict

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from pulse.daily_counts import DailyCounts
from pulse.freshness import fresh_until
from pulse.names import PackageName
from pulse.problems import UpstreamProblem
from pulse.questions import Breakdown, Question
from pulse_io.catalogue import Catalogue
from pulse_io.sources.shared_rate_limit import (
    MAX_AGE_S,
    MAX_REFRESH_S,
    MAX_RESERVING_S,
    SharedRateLimit,
)
from pulse_io.sources.window import RESERVATION_MS
from pulse_io.store.rows import RowStore
from tests.unit.pulse_io.simulated.asking import fetch
from tests.unit.pulse_io.simulated.world import BEGAN, World

PACKAGES = [PackageName.parse(name) for name in ("pulse-debut", "requests", "flask")]
PER_MINUTE = 6
"""So few that a reserved call takes the place of another one."""

NAMES = [f"package-{number}" for number in range(PER_MINUTE - 2)]
ENVIRONMENTS = 3
LEASE_S = 14.0
QUESTION = Question(PACKAGES[0], Breakdown.OVERALL)
LATEST_S = 7
"""`DEADLINE_S` less the time of a call: returning clients may have to wait for some others."""
SPANS_S = [0.3, 5.0, 61.0, 1801.0, 20_000.0, 86_400.0]
STALLS_S = [1.5, 3.0, 7.0]
FAULTS = ["500", "dropped", "html", "hang", "429:*:*:1"]
CHECKS = settings(
    max_examples=30,
    stateful_step_count=12,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # shrinking takes minutes
)

environments = st.integers(0, ENVIRONMENTS - 1)
questions = st.lists(
    st.tuples(environments, st.sampled_from(PACKAGES)), min_size=1, max_size=6, unique=True
)


def calls_at_once(moments: list[float], span_s: float) -> int:
    """The most calls in any span of that length."""
    return max(
        (sum(1 for other in moments if one <= other < one + span_s) for one in moments), default=0
    )


class Environments(RuleBasedStateMachine):
    """Environments ask, die and restart, while upstream and the table fail and recover."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.environments = [self.world.environment() for _ in range(ENVIRONMENTS)]
        self.table_was_away = False
        self.fetched_at: dict[PackageName, dt.datetime] = {}
        self.found = defaultdict[PackageName, list[DailyCounts]](list)

    def teardown(self) -> None:
        self.world.close()

    @rule(questions=questions)
    def ask(self, questions: list[tuple[int, PackageName]]) -> None:
        async def asked(
            catalogue: Catalogue, package: PackageName
        ) -> DailyCounts | UpstreamProblem:
            try:
                return await fetch(catalogue, package)
            except UpstreamProblem as problem:
                return problem

        async def main() -> list[DailyCounts | UpstreamProblem]:
            return await asyncio.gather(
                *(asked(self.environments[number], package) for number, package in questions)
            )

        began, had = self.world.loop.time(), dict(self.fetched_at)
        outcomes = self.world.loop.run_until_complete(main())
        took_s = self.world.loop.time() - began
        longest_s = self.world.settings.deadline_s + MAX_REFRESH_S + MAX_RESERVING_S
        assert took_s <= longest_s + 0.01
        for (_, package), outcome in zip(questions, outcomes, strict=True):
            # If the table was unavailable in between, an environment may not know of earlier calls.
            is_known = package in had and not self.table_was_away
            assert not (is_known and isinstance(outcome, UpstreamProblem))
            if not isinstance(outcome, UpstreamProblem):
                self.check(package, outcome)

    def check(self, package: PackageName, outcome: DailyCounts) -> None:
        assert outcome.counts
        if not outcome.stale:
            # Sooner if the day is a guess, since the rows of all of PyPI could not be fetched.
            assert outcome.fresh_until <= fresh_until(outcome.as_of, outcome.fetched_at)
        if not self.table_was_away:
            assert outcome.fetched_at >= self.fetched_at.get(package, outcome.fetched_at)
        self.fetched_at[package] = max(
            outcome.fetched_at, self.fetched_at.get(package, outcome.fetched_at)
        )

    @rule(span_s=st.sampled_from(SPANS_S))
    def time_passes(self, span_s: float) -> None:
        self.world.loop.run_until_complete(asyncio.sleep(span_s))

    @rule(number=environments)
    def environment_dies(self, number: int) -> None:
        self.environments[number] = self.world.environment()

    @rule(fault=st.sampled_from(FAULTS))
    def upstream_fails(self, fault: str) -> None:
        self.world.upstream.rules.set([fault])

    @rule()
    def upstream_recovers(self) -> None:
        self.world.upstream.rules.set([])

    @rule(stall_s=st.sampled_from(STALLS_S), later_s=st.sampled_from([0.1, 1.4, 3.2]))
    def upstream_stalls(self, stall_s: float, later_s: float) -> None:
        self.world.loop.call_later(later_s, self.world.upstream.stall, stall_s)

    @rule()
    def table_fails(self) -> None:
        self.world.table.away = True
        self.table_was_away = True

    @precondition(lambda self: self.world.table.away)
    @rule()
    def table_recovers(self) -> None:
        self.world.table.away = False

    @precondition(lambda self: not self.table_was_away)
    @invariant()
    def calls_stay_within_limits(self) -> None:
        moments = [call.at for call in self.world.upstream.calls]
        assert calls_at_once(moments, 1) <= 5
        assert calls_at_once(moments, 60) <= 30

    @precondition(lambda self: not self.table_was_away)
    @invariant()
    def fresh_counts_are_not_fetched_again(self) -> None:
        good_until: dict[str, dt.datetime] = {}
        # A worker that stalls for longer than the timeout counts abandoned calls together with later ones.
        for call in (one for one in self.world.upstream.calls if one.received):
            at = BEGAN + dt.timedelta(seconds=call.at)
            assert at >= good_until.get(call.path, at)
            if call.newest:
                good_until[call.path] = fresh_until(call.newest, at.replace(microsecond=0))


class RateLimitAndLeases(RuleBasedStateMachine):
    """The rate limit and the leases alone: calls are also granted for later, and holders die."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        tables = [self.world.open_table() for _ in range(ENVIRONMENTS)]
        self.limits = [
            SharedRateLimit(table, "overall", 5, PER_MINUTE, self.world.clock) for table in tables
        ]
        self.tables = tables
        self.moments: list[float] = []
        self.refusals: dict[int, tuple[float, float]] = {}
        self.closed_until = [0.0] * ENVIRONMENTS
        self.reserved: dict[str, float] = {}
        self.held_until = 0.0

    def teardown(self) -> None:
        self.world.close()

    @rule(takers=st.lists(environments, min_size=1, max_size=12), patience_s=st.floats(0, LATEST_S))
    def calls_are_granted(self, takers: list[int], patience_s: float) -> None:
        until = self.world.clock() + patience_s

        async def main() -> list[float | BaseException]:
            return await asyncio.gather(
                *(self.limits[number].grant("whatever", until) for number in takers),
                return_exceptions=True,
            )

        outcomes = self.world.loop.run_until_complete(main())
        granted = [one for one in outcomes if isinstance(one, float)]
        refused = [one for one in outcomes if not isinstance(one, float)]
        assert all(isinstance(one, UpstreamProblem) and one.retry_after_s for one in refused)
        for number, one in zip(takers, outcomes, strict=True):
            assert not isinstance(one, float) or one >= self.closed_until[number] - 0.01
        self.moments += granted

    @rule(name=st.sampled_from(NAMES), number=environments)
    def call_is_reserved(self, name: str, number: int) -> None:
        moment = self.reserve(name, number)
        told = self.reserved.get(name, 0)
        if self.world.clock() < told - 0.01 and told >= self.closed_until[number]:
            # An environment that was refused itself tells a later moment at which the reservation is still kept.
            assert told - RESERVATION_MS / 2000 - 0.01 <= moment <= told + 0.01
        self.reserved[name] = moment
        if self.world.clock() < self.closed_until[number]:
            # It may have reserved a later call instead.
            self.time_passes(MAX_AGE_S)  # until all environments know of it

    def reserve(self, name: str, number: int) -> float:
        limit = self.limits[number]
        wait_s = self.world.loop.run_until_complete(limit.reserve_s(name))
        moment = self.world.clock() + wait_s
        assert moment >= self.closed_until[number] - 0.01
        return moment

    @precondition(lambda self: self.reserved)
    @rule(
        data=st.data(), number=environments, late_s=st.floats(0, RESERVATION_MS / 1000 - LATEST_S)
    )
    def reserved_call_is_granted(self, data: st.DataObject, number: int, late_s: float) -> None:
        name = data.draw(st.sampled_from(sorted(self.reserved)))
        wait_s = self.reserved.pop(name) + late_s - self.world.clock()
        if wait_s < 0:
            return
        self.world.loop.run_until_complete(asyncio.sleep(wait_s))
        if self.world.clock() < self.closed_until[number]:
            return
        until = self.world.clock() + LATEST_S
        taking = self.limits[number].grant(name, until)
        self.moments.append(self.world.loop.run_until_complete(taking))

    @rule(number=environments, seconds=st.floats(1, 100))
    def upstream_refuses(self, number: int, seconds: float) -> None:
        now = self.world.clock()
        self.closed_until[number] = max(self.closed_until[number], now + seconds)
        lately = {one: at for one, at in self.refusals.items() if now < at[0] + 60}
        self.refusals = lately | {number: (now, now + seconds)}
        if len(self.refusals) > 1:
            latest = max(until for _, until in self.refusals.values())
            self.closed_until = [max(one, latest) for one in self.closed_until]
        # Upstream is not bound by reservations: those still to come move, and are issued anew.
        due = [name for name, at in self.reserved.items() if self.world.clock() < at - 0.01]
        self.world.loop.run_until_complete(self.limits[number].close(seconds))
        self.time_passes(MAX_AGE_S)  # until all environments know of it
        self.reserved = {name: self.reserve(name, number) for name in due}

    @rule(number=environments)
    def lease_holder_dies(self, number: int) -> None:
        before = self.world.clock()
        rows = RowStore(self.tables[number], LEASE_S, self.world.clock)
        leased = self.world.loop.run_until_complete(rows.lease([QUESTION]))
        if not leased:
            assert before < self.held_until
        else:
            assert self.world.clock() >= self.held_until
            self.held_until = before + LEASE_S

    @rule(span_s=st.floats(0, 70))
    def time_passes(self, span_s: float) -> None:
        self.world.loop.run_until_complete(asyncio.sleep(span_s))

    @invariant()
    def calls_stay_within_limits(self) -> None:
        assert calls_at_once(self.moments, 1) <= 5
        assert calls_at_once(self.moments, 60) <= PER_MINUTE


TestEnvironments = Environments.TestCase
TestEnvironments.settings = CHECKS
TestRateLimitAndLeases = RateLimitAndLeases.TestCase
TestRateLimitAndLeases.settings = CHECKS
