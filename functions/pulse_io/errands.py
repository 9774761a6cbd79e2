"""What is wanted of upstream, and what becomes of the answer: kept in memory and in the table."""

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulse.account import Tier
from pulse.as_of import loaded_day
from pulse.freshness import RETRY_LATE_AFTER
from pulse.models import FetchedRows
from pulse.names import ALL_OF_PYPI
from pulse.pypistats import RECENT
from pulse.succession import may_succeed
from pulse_io.memory import Kept, Key, Memory, fetched_later, kept_from, stale
from pulse_io.upstream import Now, Upstream, log_failure

if TYPE_CHECKING:
    from pulse_io.stored import Stored


@dataclass(frozen=True)
class Sources:
    """Where an errand may look and what it may ask; `stored` is None where there is no table."""

    upstream: Upstream
    memory: Memory
    stored: "Stored | None"
    now: Now


@dataclass(frozen=True)
class RowsErrand:
    """The rows of one package on one endpoint, and the tier that they came from."""

    sources: Sources
    key: Key
    deadline: float

    async def find(self, *, consistent: bool) -> tuple[Kept, Tier] | None:
        """As `Errand`. What is found is in memory from then on, fresh or not."""
        memory, stored = self.sources.memory, self.sources.stored
        if stored is None:
            return None
        now = self.sources.now()
        found = await stored.find(self.key, now, consistent=consistent)
        kept = fetched_later(found, memory.find(self.key))
        if kept is None:
            return None
        memory.keep(self.key, kept)
        return (kept, "table") if now < kept.fresh_until else None

    async def check(self) -> None:
        """As `Errand`."""
        await self.sources.upstream.check(*self.key, self.deadline)

    async def ask(self) -> tuple[Kept, Tier]:
        """As `Errand`."""
        content = await self.sources.upstream.fetch_known(*self.key, self.deadline)
        kept = self._accepted(content)
        self.sources.memory.keep(self.key, kept)
        if self.sources.stored:
            await self.sources.stored.keep(self.key, kept, self.sources.now())
        return kept, "upstream"

    def _accepted(self, content: FetchedRows | None) -> Kept:
        """What to go by from now on: what upstream says, or what was held where that is incredible."""
        now, held = self.sources.now(), self.sources.memory.find(self.key)
        if held is None or held.content is None or may_succeed(held.content, content, now):
            return kept_from(content, now)
        log_failure(*self.key, "implausible", "rows that were there are gone")
        return stale(held, now + RETRY_LATE_AFTER)


@dataclass(frozen=True)
class NewestLoadedErrand:
    """The newest day that is in upstream's own sums, asked for once for all of PyPI's rows."""

    sources: Sources
    everything: FetchedRows
    expected: dt.date
    deadline: float

    async def find(self, *, consistent: bool) -> dt.date | None:
        """As `Errand`."""
        stored, fetched_at = self.sources.stored, self.everything.fetched_at
        if stored is None:
            return None
        return await stored.find_newest_loaded(fetched_at, consistent=consistent)

    async def check(self) -> None:
        """As `Errand`."""
        await self.sources.upstream.check(ALL_OF_PYPI, RECENT, self.deadline)

    async def ask(self) -> dt.date:
        """As `Errand`."""
        recent = await self.sources.upstream.fetch_recent(ALL_OF_PYPI, self.deadline)
        newest = loaded_day(self.everything, self.expected, recent) or self.expected
        if self.sources.stored:
            await self.sources.stored.keep_newest_loaded(self.everything.fetched_at, newest)
        return newest
