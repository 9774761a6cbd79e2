"""What any execution environment fetched, kept in the table for all of them.

What was kept last may be read by others a moment later; `consistent` sees all that was kept before.
While the table is away nothing is found, and nothing kept.
"""

import datetime as dt
from typing import Final

from aiodynamo.expressions import F

from pulse.freshness import UNKNOWN_FOR, WINDOW_DAYS, fresh_until
from pulse.models import FetchedRows
from pulse_io.memory import Kept, Key, kept_from, stale
from pulse_io.packing import UnreadableRows, pack, unpack
from pulse_io.reads import Item
from pulse_io.table import ConditionFailed, Table, TableUnavailable

FORMAT: Final = 1
"""Of an item; what has another is another version's, and is passed over."""

KEPT_FOR: Final = dt.timedelta(days=WINDOW_DAYS)
"""Rows are served stale for as long as upstream itself would remember some of them."""

MAX_BYTES: Final = 390_000
"""DynamoDB takes 400 KB in an item, its attributes' names included."""

_LOADED_KEY: Final = "loaded"


class Stored:
    """Answers by package and endpoint, and the newest day that upstream had loaded."""

    def __init__(self, table: Table) -> None:
        self._table = table

    async def find(self, key: Key, now: dt.datetime, *, consistent: bool) -> Kept | None:
        """What is kept, fresh or not, if it has not expired."""
        item = await self._read(_name(key), consistent=consistent)
        if item is None or item["expires_at"] <= now.timestamp():
            return None
        fetched_at = dt.datetime.fromtimestamp(item["fetched_at"], dt.UTC)
        if "rows" not in item:
            return Kept(None, fetched_at + UNKNOWN_FOR)
        try:
            rows = unpack(item["rows"])
        except UnreadableRows:
            return None
        content = FetchedRows(rows=rows, source=item["source"], fetched_at=fetched_at)
        kept = kept_from(content, now)
        if "as_of" in item:
            as_of = dt.date.fromisoformat(item["as_of"])
            kept = Kept(content, fresh_until(as_of, fetched_at), as_of)
        if "stale_until" in item:
            return stale(kept, dt.datetime.fromtimestamp(item["stale_until"], dt.UTC))
        return kept

    async def keep(self, key: Key, kept: Kept, now: dt.datetime) -> None:
        """Keep an answer, unless what is kept was fetched later."""
        item: Item
        if kept.content is None:
            item = {"fetched_at": _seconds(now), "expires_at": _seconds(now + UNKNOWN_FOR)}
        else:
            fetched_at = kept.content.fetched_at
            packed = pack(kept.content.rows)
            if len(packed) > MAX_BYTES:
                return
            stale_until = {"stale_until": _seconds(kept.fresh_until)} if kept.content.stale else {}
            as_of = {"as_of": kept.as_of.isoformat()} if kept.as_of else {}
            item = {
                "fetched_at": _seconds(fetched_at),
                "expires_at": _seconds(fetched_at + KEPT_FOR),
                "rows": packed,
                "source": kept.content.source,
                **as_of,
                **stale_until,
            }
        await self._write(_name(key), item)

    async def find_newest_loaded(
        self, fetched_at: dt.datetime, *, consistent: bool
    ) -> dt.date | None:
        """The newest day that upstream had loaded when all of PyPI's rows were fetched."""
        item = await self._read(_LOADED_KEY, consistent=consistent)
        if item is None or item["fetched_at"] != _seconds(fetched_at):
            return None
        return dt.date.fromisoformat(item["newest"])

    async def keep_newest_loaded(self, fetched_at: dt.datetime, newest: dt.date) -> None:
        """Keep it, unless what is kept is of later rows."""
        expires_at = _seconds(fetched_at + KEPT_FOR)
        item = {
            "fetched_at": _seconds(fetched_at),
            "expires_at": expires_at,
            "newest": newest.isoformat(),
        }
        await self._write(_LOADED_KEY, item)

    async def aclose(self) -> None:
        """Close the connections to the table."""
        await self._table.aclose()

    async def _read(self, name: str, *, consistent: bool) -> Item | None:
        try:
            item = await self._table.get(name, consistent=consistent)
        except TableUnavailable:
            return None
        return item if item and item.get("format") == FORMAT else None

    async def _write(self, name: str, item: Item) -> None:
        before = F("fetched_at")
        try:
            await self._table.put(
                {"key": name, "format": FORMAT, **item},
                before.does_not_exist() | before.lte(item["fetched_at"]),
            )
        except (TableUnavailable, ConditionFailed):
            return  # it is in memory, or an environment that fetched later has kept its own


def _name(key: Key) -> str:
    package, endpoint = key
    return f"rows#{endpoint}#{package}"


def _seconds(moment: dt.datetime) -> int:
    return int(moment.timestamp())
