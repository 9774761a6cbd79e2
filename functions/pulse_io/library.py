"""Where numbers are had from: memory, then the table that all environments share, then upstream.

What is fresh is served from the first that has it. When upstream fails, the last good answer that
anyone holds is served, and says that it is stale.
"""

import asyncio
import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

from pulse.account import Tier, account
from pulse.freshness import newest_expected
from pulse.models import FetchedRows
from pulse.names import ALL_OF_PYPI, PackageName
from pulse.problems import (
    Problem,
    UnknownPackage,
    UpstreamProblem,
)
from pulse.pypistats import RECENT, Endpoint
from pulse_io.errands import NewestLoadedErrand, RowsErrand, Sources
from pulse_io.flights import Errand, Flights, TooLate
from pulse_io.memory import Kept, Key, Memory, stale
from pulse_io.settings import Settings
from pulse_io.upstream import Now, Upstream, utc_now

if TYPE_CHECKING:
    from pulse_io.stored import Stored

HOLD_OFF: Final = dt.timedelta(seconds=10)
"""How long stale rows are served without asking after upstream failed: it may hang."""

T = TypeVar("T")


class Supply(NamedTuple):
    """Rows, and until when there is no use in asking for them again (UTC)."""

    fetched: FetchedRows
    fresh_until: dt.datetime


class Found(NamedTuple):
    """Rows, and where they were found."""

    supply: Supply
    tier: Tier


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
        self._flights = flights
        self._memory = Memory()
        self._sources = Sources(upstream, self._memory, stored, now)
        self._told: tuple[dt.datetime, dt.date] | None = None
        self._not_told_until = dt.datetime.min.replace(tzinfo=dt.UTC)

    async def fetch(self, package: PackageName, endpoint: Endpoint) -> Supply:
        """All rows of one package on one endpoint, within `DEADLINE_S`.

        Raises:
            UnknownPackage: upstream has nothing under that name.
            UpstreamProblem: it could not be used, and nothing is kept that could stand in.
        """
        return await self._fetch_for_account((package, endpoint), self._deadline())

    async def fetch_all(
        self, packages: Iterable[PackageName], endpoint: Endpoint
    ) -> dict[PackageName, Supply | Problem]:
        """As `fetch` for each of `packages`, at once, all within one `DEADLINE_S`.

        A package that can't be had has its problem in the answer and disturbs no other.
        """
        deadline = self._deadline()

        async def outcome(package: PackageName) -> Supply | Problem:
            try:
                return await self._fetch_for_account((package, endpoint), deadline)
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
        supply = await self._fetch_for_account((package, Endpoint.OVERALL), deadline)
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
        await self._sources.upstream.aclose()
        if self._sources.stored:
            await self._sources.stored.aclose()

    async def _newest_loaded(self, expected: dt.date, deadline: float) -> dt.date | None:
        """The newest day that upstream has loaded, lost ones included; None if it can't be told.

        All of PyPI has a row a day.
        """
        if self.now() < self._not_told_until:
            return None
        try:
            found = await self._fetch((ALL_OF_PYPI, Endpoint.OVERALL), deadline)
            everything = found.supply.fetched
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
        if self._told is None or self._told[0] != everything.fetched_at:
            errand = NewestLoadedErrand(self._sources, everything, expected, deadline)
            newest = await self._join((ALL_OF_PYPI, RECENT), deadline, errand)
            self._told = everything.fetched_at, newest
        return self._told[1]

    def _deadline(self) -> float:
        """The moment, on the event loop's clock, by which a request that starts now must end."""
        return asyncio.get_running_loop().time() + self._settings.deadline_s

    async def _fetch_for_account(self, key: Key, deadline: float) -> Supply:
        """As `_fetch_or_promise`, noted in the account of the request that it is for."""
        try:
            supply, tier = await self._fetch_or_promise(key, deadline)
        except Problem as problem:
            account().missed(problem)
            raise
        account().had(supply.fetched, tier, self.now())
        return supply

    async def _fetch_or_promise(self, key: Key, deadline: float) -> Found:
        """As `_fetch`; a problem says when to come back, and the call is reserved from then on."""
        try:
            return await self._fetch(key, deadline)
        except UpstreamProblem as problem:
            raise await self._sources.upstream.with_retry_after(*key, problem) from None

    async def _fetch(self, key: Key, deadline: float) -> Found:
        if self._settings.cache == "off":
            return Found(await self._fetch_anew(key, deadline), "upstream")
        kept_before = self._memory.find(key)
        if kept_before and self.now() < kept_before.fresh_until:
            return Found(_supply(key, kept_before), "memory")
        try:
            errand = RowsErrand(self._sources, key, deadline)
            kept, tier = await self._join(key, deadline, errand)
            return Found(_supply(key, kept), tier)
        except UpstreamProblem:
            # The table's rows are in memory by now, if it had any.
            held = self._memory.find(key)
            if held is None or held.content is None:
                raise
            if self.now() < held.fresh_until:
                return Found(_supply(key, held), "memory")  # it came just too late for this request
            kept = self._memory.keep(key, stale(held.content, self.now() + HOLD_OFF))
            return Found(_supply(key, kept), "memory")

    async def _fetch_anew(self, key: Key, deadline: float) -> Supply:
        """What upstream says to this request alone."""
        try:
            async with asyncio.timeout_at(deadline):
                content = await self._sources.upstream.fetch_known(*key, deadline)
        except TimeoutError:
            raise await self._sources.upstream.too_late(*key) from None
        return _supply(key, Kept(content, self.now()))

    async def _join(self, name: tuple[PackageName, str], deadline: float, errand: Errand[T]) -> T:
        """As `Flights.join`, with the problem that it is where the deadline comes first."""
        package, endpoint = name
        try:
            return await self._flights.join(f"{endpoint}#{package}", deadline, errand)
        except TooLate:
            raise await self._sources.upstream.too_late(package, endpoint) from None


def _supply(key: Key, kept: Kept) -> Supply:
    if kept.content is None:
        raise UnknownPackage.named(key[0])
    return Supply(kept.content, kept.fresh_until)


def _newest(fetched: FetchedRows) -> dt.date:
    return max(row.date for row in fetched.rows)
