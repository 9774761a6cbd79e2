"""Where numbers are had from: what is kept while it is fresh, then upstream, then what is stale.

A second tier, a table that all execution environments share, will stand between memory and upstream.
"""

import asyncio
import datetime as dt
import time
from collections.abc import Iterable
from typing import Final, NamedTuple

from pulse.dropin import newest_counted
from pulse.freshness import newest_expected
from pulse.models import FetchedRows
from pulse.names import ALL_OF_PYPI, PackageName
from pulse.problems import Problem, UnknownPackage, UpstreamProblem, UpstreamTooSlow
from pulse.pypistats import Endpoint
from pulse_io.memory import Kept, Key, Memory, kept_from
from pulse_io.settings import Settings
from pulse_io.upstream import Now, Upstream, utc_now

HOLD_OFF: Final = dt.timedelta(seconds=10)
"""How long stale rows are served without asking after upstream failed: it may hang."""


class Supply(NamedTuple):
    """Rows, and until when there is no use in asking for them again (UTC)."""

    fetched: FetchedRows
    fresh_until: dt.datetime


class Library:
    """Rows for whoever asks: from memory while fresh, and from upstream once for all who wait.

    With `CACHE=off` every question goes upstream.
    """

    def __init__(self, settings: Settings, upstream: Upstream, now: Now = utc_now) -> None:
        self.now = now
        self._settings = settings
        self._upstream = upstream
        self._memory = Memory()
        self._places = asyncio.Semaphore(settings.upstream_concurrency)
        self._told: tuple[dt.datetime, dt.date] | None = None
        self._telling = asyncio.Lock()
        self._not_told_until = dt.datetime.min.replace(tzinfo=dt.UTC)
        self._under_way: dict[Key, asyncio.Task[Kept]] = {}

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
        """Close the connections to upstream."""
        await self._upstream.aclose()

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
            async with asyncio.timeout(deadline - time.monotonic()), self._telling:
                if self._told is None or self._told[0] != everything.fetched_at:
                    recent = await self._upstream.fetch_recent(ALL_OF_PYPI, deadline)
                    newest = newest_counted(everything, recent, expected)
                    self._told = everything.fetched_at, newest
                return self._told[1]
        except (Problem, TimeoutError):
            self._not_told_until = self.now() + HOLD_OFF
            return None

    def _deadline(self) -> float:
        """The moment, on the monotonic clock, by which a request that starts now must end."""
        return time.monotonic() + self._settings.deadline_s

    async def _fetch(self, key: Key, deadline: float) -> Supply:
        if self._settings.cache == "off":
            return _supply(key, Kept(await self._ask(key, deadline), self.now()))
        kept = self._memory.find(key)
        if kept and self.now() < kept.fresh_until:
            return _supply(key, kept)
        try:
            return _supply(key, await self._ask_once_for_all(key, deadline))
        except UpstreamProblem:
            if kept is None or kept.content is None:
                raise
            stale = kept.content.model_copy(update={"stale": True})
            return _supply(key, self._memory.keep(key, Kept(stale, self.now() + HOLD_OFF)))

    async def _ask_once_for_all(self, key: Key, deadline: float) -> Kept:
        """Join the call that is under way for the same, or make one that others can join."""
        task = self._under_way.get(key)
        if task is None:
            task = asyncio.create_task(self._ask_and_keep(key, deadline))
            self._under_way[key] = task
            task.add_done_callback(lambda done: self._forget(key, done))
        try:
            async with asyncio.timeout(deadline - time.monotonic()):
                return await asyncio.shield(task)
        except TimeoutError:
            raise UpstreamTooSlow from None

    def _forget(self, key: Key, done: asyncio.Task[Kept]) -> None:
        del self._under_way[key]
        if not done.cancelled():
            # Whoever waited may be gone by now; asyncio would log a failure that nobody looked at.
            done.exception()

    async def _ask_and_keep(self, key: Key, deadline: float) -> Kept:
        # Kept before the task is over: whoever comes after it must find what it got.
        content = await self._ask(key, deadline)
        return self._memory.keep(key, kept_from(content, self.now()))

    async def _ask(self, key: Key, deadline: float) -> FetchedRows | None:
        """What upstream says; None if it knows no such package."""
        try:
            async with asyncio.timeout(deadline - time.monotonic()), self._places:
                return await self._upstream.fetch(*key, deadline)
        except UnknownPackage:
            return None
        except TimeoutError:
            raise UpstreamTooSlow from None


def _supply(key: Key, kept: Kept) -> Supply:
    if kept.content is None:
        raise UnknownPackage.named(key[0])
    return Supply(kept.content, kept.fresh_until)


def _newest(fetched: FetchedRows) -> dt.date:
    return max(row.date for row in fetched.rows)
