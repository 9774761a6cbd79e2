"""Where numbers are had from: memory, then the table that all environments share, then upstream.

What is fresh is served from the first that has it. When upstream fails, the last good answer that
anyone holds is served, and says that it is stale.
"""

import asyncio
import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from pulse.account import Tier, account
from pulse.as_of import HOLD_OFF, Loaded, loaded_day, supply
from pulse.freshness import newest_expected
from pulse.models import FetchedRows, Supply
from pulse.names import ALL_OF_PYPI, PackageName
from pulse.problems import (
    Problem,
    UnknownPackage,
    UpstreamProblem,
)
from pulse.pypistats import RECENT, Endpoint
from pulse_io.errands import NewestLoadedErrand, RowsErrand, Sources
from pulse_io.flights import Errand, Flights, TooLate
from pulse_io.memory import Kept, Key, Memory, kept_from, stale
from pulse_io.settings import Settings
from pulse_io.upstream import Now, Upstream, utc_now

if TYPE_CHECKING:
    from pulse_io.stored import Stored

T = TypeVar("T")


class Found(NamedTuple):
    """What is kept for a question, and where it was found."""

    kept: Kept
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
        outcome = (await self.fetch_all([package], endpoint))[package]
        if isinstance(outcome, Problem):
            raise outcome
        return outcome

    async def fetch_all(
        self, packages: Iterable[PackageName], endpoint: Endpoint
    ) -> dict[PackageName, Supply | Problem]:
        """As `fetch` for each of `packages`, at once, all within one `DEADLINE_S`.

        A package that can't be had has its problem in the answer and disturbs no other.
        """
        deadline = self._deadline()
        keys = [(package, endpoint) for package in dict.fromkeys(packages)]
        found = await asyncio.gather(*(self._found(key, deadline) for key in keys))
        days = [one.kept.as_of for one in found if isinstance(one, Found) and one.kept.as_of]
        seen = max(days, default=None)
        outcomes = await asyncio.gather(
            *(self._outcome(key, one, seen, deadline) for key, one in zip(keys, found, strict=True))
        )
        return {package: outcome for (package, _), outcome in zip(keys, outcomes, strict=True)}

    async def aclose(self) -> None:
        """Close the connections to upstream and to the table."""
        await self._sources.upstream.aclose()
        if self._sources.stored:
            await self._sources.stored.aclose()

    async def _found(self, key: Key, deadline: float) -> Found | Problem:
        try:
            return await self._fetch_or_promise(key, deadline)
        except Problem as problem:
            return problem

    async def _outcome(
        self, key: Key, found: Found | Problem, seen: dt.date | None, deadline: float
    ) -> Supply | Problem:
        """What to answer, noted in the account of the request; `seen` as in `pulse.as_of.supply`."""
        try:
            if isinstance(found, Problem):
                raise found
            told = await self._supply(key, found.kept, seen, deadline)
        except Problem as problem:
            account().missed(problem)
            return problem
        account().had(told, found.tier, self.now())
        return told

    async def _supply(self, key: Key, kept: Kept, seen: dt.date | None, deadline: float) -> Supply:
        """Rows with the day that they are as of.

        Raises:
            UnknownPackage: upstream has nothing under that name.
            UpstreamProblem: whether it has could not be asked.
        """
        content = _rows_of(key, kept)
        if not content.rows:
            await self._check_known(key, deadline)
        if kept.as_of:
            return Supply(content, kept.as_of, kept.fresh_until)
        loaded = await self._loaded(newest_expected(content.fetched_at), deadline)
        told = supply(content, loaded, self.now(), seen)
        if content.stale:
            told = told._replace(fresh_until=kept.fresh_until)
        if loaded and self._settings.cache == "on":
            kept = self._memory.keep(key, Kept(content, told.fresh_until, told.as_of))
            if self._sources.stored:
                await self._sources.stored.keep(key, kept, self.now())
        return told

    async def _check_known(self, key: Key, deadline: float) -> None:
        """Raise `UnknownPackage` unless upstream has rows of the package on `overall`.

        Its other endpoints have none for a package that only mirrors download.
        """
        package, _ = key
        overall = package, Endpoint.OVERALL
        try:
            found = await self._fetch_or_promise(overall, deadline)
            await self._supply(overall, found.kept, None, deadline)
        except UnknownPackage:
            if unknown := self._memory.find(overall):
                self._memory.keep(key, unknown)
            raise

    async def _loaded(self, expected: dt.date, deadline: float) -> Loaded | None:
        """The newest day that upstream has loaded, lost ones included; None if it can't be told.

        All of PyPI has a row a day.
        """
        if self.now() < self._not_told_until:
            return None
        try:
            found = await self._fetch((ALL_OF_PYPI, Endpoint.OVERALL), deadline)
            everything = _rows_of((ALL_OF_PYPI, Endpoint.OVERALL), found.kept)
            day = loaded_day(everything, expected) or await self._newest_counted(
                everything, expected, deadline
            )
        except Problem:
            self._not_told_until = self.now() + HOLD_OFF
            return None
        return Loaded(day, everything.fetched_at)

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
            return _known(key, Found(kept_before, "memory"))
        try:
            errand = RowsErrand(self._sources, key, deadline)
            return _known(key, Found(*await self._join(key, deadline, errand)))
        except UpstreamProblem:
            # The table's rows are in memory by now, if it had any.
            held = self._memory.find(key)
            if held is None or held.content is None:
                raise
            if self.now() >= held.fresh_until:
                held = self._memory.keep(key, stale(held, self.now() + HOLD_OFF))
            return Found(held, "memory")  # fresh if it came just too late for this request

    async def _fetch_anew(self, key: Key, deadline: float) -> Kept:
        """What upstream says to this request alone."""
        try:
            async with asyncio.timeout_at(deadline):
                content = await self._sources.upstream.fetch_known(*key, deadline)
        except TimeoutError:
            raise await self._sources.upstream.too_late(*key) from None
        _rows_of(key, kept := kept_from(content, self.now()))
        return kept

    async def _join(self, name: tuple[PackageName, str], deadline: float, errand: Errand[T]) -> T:
        """As `Flights.join`, with the problem that it is where the deadline comes first."""
        package, endpoint = name
        try:
            return await self._flights.join(f"{endpoint}#{package}", deadline, errand)
        except TooLate:
            raise await self._sources.upstream.too_late(package, endpoint) from None


def _known(key: Key, found: Found) -> Found:
    """The same, unless upstream knows no such package."""
    _rows_of(key, found.kept)
    return found


def _rows_of(key: Key, kept: Kept) -> FetchedRows:
    """The rows that are kept.

    Raises:
        UnknownPackage: upstream knows no such package.
    """
    if kept.content is None:
        raise UnknownPackage.named(key[0])
    return kept.content
