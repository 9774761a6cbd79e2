"""Where numbers are had from: memory, then the table that all environments share, then upstream.

What is fresh is served from the first that has it. When upstream fails, the last good answer that
anyone holds is served, and says that it is stale.
"""

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

from pulse.dropin import newest_counted
from pulse.freshness import RETRY_LATE_AFTER, newest_expected
from pulse.models import FetchedRows
from pulse.names import ALL_OF_PYPI, PackageName
from pulse.problems import (
    Problem,
    UnknownPackage,
    UpstreamProblem,
    UpstreamThrottled,
)
from pulse.pypistats import RECENT, Endpoint
from pulse.succession import may_succeed
from pulse_io.flights import Find, Flights, TooLate
from pulse_io.memory import Kept, Key, Memory, fetched_later, kept_from
from pulse_io.settings import Settings
from pulse_io.upstream import Now, Upstream, log_failure, utc_now

if TYPE_CHECKING:
    from pulse_io.stored import Stored

HOLD_OFF: Final = dt.timedelta(seconds=10)
"""How long stale rows are served without asking after upstream failed: it may hang."""

T = TypeVar("T")


class Supply(NamedTuple):
    """Rows, and until when there is no use in asking for them again (UTC)."""

    fetched: FetchedRows
    fresh_until: dt.datetime


class Library:
    """Rows for whoever asks, and one call to upstream for all who want the same at the same time.

    With `CACHE=off` every question goes upstream. `stored` is the table's side of it, None where there
    is no table.
    """

    def __init__(
        self,
        settings: Settings,
        upstream: Upstream,
        flights: Flights,
        stored: "Stored | None" = None,
        now: Now = utc_now,
    ) -> None:
        self.now = now
        self._settings = settings
        self._upstream = upstream
        self._flights = flights
        self._stored = stored
        self._memory = Memory()
        self._places = asyncio.Semaphore(settings.upstream_concurrency)
        self._told: tuple[dt.datetime, dt.date] | None = None
        self._not_told_until = dt.datetime.min.replace(tzinfo=dt.UTC)

    async def fetch(self, package: PackageName, endpoint: Endpoint) -> Supply:
        """All rows of one package on one endpoint, within `DEADLINE_S`.

        Raises:
            UnknownPackage: upstream has nothing under that name.
            UpstreamProblem: it could not be used, and nothing is kept that could stand in.
        """
        return await self._fetch((package, endpoint), self._deadline())

    async def fetch_all(
        self, packages: Iterable[PackageName], endpoint: Endpoint
    ) -> dict[PackageName, Supply | Problem]:
        """As `fetch` for each of `packages`, at once, all within one `DEADLINE_S`.

        A package that can't be had has its problem in the answer and disturbs no other.
        """
        deadline = self._deadline()

        async def outcome(package: PackageName) -> Supply | Problem:
            try:
                return await self._fetch((package, endpoint), deadline)
            except Problem as problem:
                return problem

        distinct = list(dict.fromkeys(packages))
        return dict(zip(distinct, await asyncio.gather(*map(outcome, distinct)), strict=True))

    async def fetch_recent(self, package: PackageName) -> tuple[Supply, dt.date]:
        """The rows of `overall`, and the newest day that upstream had loaded then.

        A package without a row for the newest day that should be there either had no downloads, or
        upstream has not loaded or has lost that day; all of PyPI's figures tell which.

        Raises:
            UnknownPackage, UpstreamProblem: as `fetch`.
        """
        deadline = self._deadline()
        supply = await self._fetch((package, Endpoint.OVERALL), deadline)
        newest = _newest(supply.fetched)
        expected = newest_expected(supply.fetched.fetched_at)
        if newest >= expected:
            return supply, newest
        loaded = await self._newest_loaded(expected, deadline)
        if loaded is None:
            # The package's own newest day may be the right one; that is not for anybody to keep.
            soon = min(supply.fresh_until, self.now() + HOLD_OFF)
            return supply._replace(fresh_until=soon), newest
        return supply, min(expected, max(newest, loaded))

    async def aclose(self) -> None:
        """Close the connections to upstream and to the table."""
        await self._upstream.aclose()
        if self._stored:
            await self._stored.aclose()

    async def _newest_loaded(self, expected: dt.date, deadline: float) -> dt.date | None:
        """The newest day that upstream has loaded, lost ones included; None if it can't be told.

        All of PyPI has a row a day.
        """
        if self.now() < self._not_told_until:
            return None
        try:
            everything = (await self._fetch((ALL_OF_PYPI, Endpoint.OVERALL), deadline)).fetched
            if _newest(everything) >= expected:
                return expected
            return await self._newest_counted(everything, expected, deadline)
        except Problem:
            self._not_told_until = self.now() + HOLD_OFF
            return None

    async def _newest_counted(
        self, everything: FetchedRows, expected: dt.date, deadline: float
    ) -> dt.date:
        """The newest day that is in upstream's own sums, asked for once for these rows."""

        async def find(*, consistent: bool) -> dt.date | None:
            if self._stored is None:
                return None
            return await self._stored.find_newest_loaded(
                everything.fetched_at, consistent=consistent
            )

        async def ask() -> dt.date:
            recent = await self._upstream.fetch_recent(ALL_OF_PYPI, deadline)
            newest = newest_counted(everything, recent, expected)
            if self._stored:
                await self._stored.keep_newest_loaded(everything.fetched_at, newest)
            return newest

        if self._told is None or self._told[0] != everything.fetched_at:
            newest = await self._join(ALL_OF_PYPI, RECENT, deadline, find, ask)
            self._told = everything.fetched_at, newest
        return self._told[1]

    def _deadline(self) -> float:
        """The moment, on the event loop's clock, by which a request that starts now must end."""
        return asyncio.get_running_loop().time() + self._settings.deadline_s

    async def _fetch(self, key: Key, deadline: float) -> Supply:
        if self._settings.cache == "off":
            return _supply(key, Kept(await self._ask(key, deadline), self.now()))
        kept = self._memory.find(key)
        if kept and self.now() < kept.fresh_until:
            return _supply(key, kept)
        try:
            return _supply(key, await self._renew(key, deadline))
        except UpstreamProblem:
            # The table's rows are in memory by now, if it had any.
            kept = self._memory.find(key)
            if kept is None or kept.content is None:
                raise
            return _supply(key, self._memory.keep(key, _stale(kept.content, self.now() + HOLD_OFF)))

    async def _renew(self, key: Key, deadline: float) -> Kept:
        """What is fresh: what another environment has kept by now, or what upstream says."""

        async def find(*, consistent: bool) -> Kept | None:
            if self._stored is None:
                return None
            stored = await self._stored.find(key, self.now(), consistent=consistent)
            kept = fetched_later(stored, self._memory.find(key))
            if kept is None:
                return None
            self._memory.keep(key, kept)
            return kept if self.now() < kept.fresh_until else None

        async def ask() -> Kept:
            held = self._memory.find(key)
            content = await self._ask(key, deadline)
            # Kept before the flight is over: whoever comes after it must find what it got.
            kept = self._memory.keep(key, self._accepted(key, held, content))
            if self._stored:
                await self._stored.keep(key, kept, self.now())
            return kept

        return await self._join(*key, deadline, find, ask)

    async def _join(
        self,
        package: PackageName,
        endpoint: str,
        deadline: float,
        find: Find[T],
        ask: Callable[[], Awaitable[T]],
    ) -> T:
        """As `Flights.join`, with the problem that it is where the deadline comes first."""
        try:
            return await self._flights.join(f"{endpoint}#{package}", deadline, find, ask)
        except TooLate:
            raise self._upstream.too_late(endpoint) from None

    def _accepted(self, key: Key, held: Kept | None, content: FetchedRows | None) -> Kept:
        """What to go by from now on: what upstream says, or what was held where that is incredible."""
        now = self.now()
        if held is None or held.content is None or may_succeed(held.content, content, now):
            return kept_from(content, now)
        log_failure(*key, "implausible")
        return _stale(held.content, now + RETRY_LATE_AFTER)

    async def _ask(self, key: Key, deadline: float) -> FetchedRows | None:
        """What upstream says; None if it knows no such package."""
        try:
            async with asyncio.timeout_at(deadline), self._places:
                return await self._upstream.fetch(*key, deadline)
        except UnknownPackage:
            return None
        except UpstreamThrottled:
            raise  # by the budget, which is no failure; or by upstream, which is in the log by now
        except UpstreamProblem as problem:
            log_failure(*key, problem.slug)
            raise
        except TimeoutError:
            raise self._upstream.too_late(key[1]) from None  # it never had its turn


def _supply(key: Key, kept: Kept) -> Supply:
    if kept.content is None:
        raise UnknownPackage.named(key[0])
    return Supply(kept.content, kept.fresh_until)


def _stale(content: FetchedRows, until: dt.datetime) -> Kept:
    return Kept(content.model_copy(update={"stale": True}), until)


def _newest(fetched: FetchedRows) -> dt.date:
    return max(row.date for row in fetched.rows)
