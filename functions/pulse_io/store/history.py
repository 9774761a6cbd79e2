"""Stores history in a table of its own: `HISTORY_TABLE`.

A package's breakdown is one partition, with an item for each month and a head, which has the time of the
newest merged fetch. A merge reads the months of upstream's window, and writes the head together with the
months that changed, on the condition that the head has not changed since it was read.
"""

import asyncio
import datetime as dt
import logging
import random
from collections.abc import Sequence
from typing import Final, NamedTuple

from aiodynamo.expressions import Condition, F, HashKey, KeyCondition, RangeKey

from pulse.daily_counts import DailyCounts, Source
from pulse.history import (
    Cell,
    Cells,
    Head,
    as_cells,
    as_counts,
    first_day,
    merge,
    month_of,
    months,
)
from pulse.problems import HistoryUnavailable
from pulse.questions import Question
from pulse_io.store.packing import UnreadableCounts, pack, unpack
from pulse_io.store.table import ConditionFailed, Item, Table, TableUnavailable

_log = logging.getLogger(__name__)

HEAD: Final = "head"
"""The sort key of the head; those of months, such as `2026-11`, come before it."""

FORMAT: Final = 1
"""The version of the item format."""

MAX_ATTEMPTS: Final = 6
"""Attempts at a merge; each one fails only if another environment has merged a fetch meanwhile."""

MAX_PAUSE_S: Final = 0.1


class _Kept(NamedTuple):
    """What a merge reads; version 0 is that of a partition without a head."""

    version: int
    head: Head | None
    cells: Cells


class HistoryStore:
    """History by question and source."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._random = random.Random()  # noqa: S311 - spreads retries, keeps no secret

    async def keep(self, question: Question, fetched: DailyCounts, deadline: float) -> None:
        """Merge a fetch until the deadline, on the event loop's clock. Failures and corrections are logged.

        The next fetch makes good what a failure leaves out: it returns the same days, and more.
        """
        told = {"endpoint": str(question.breakdown), "package": question.package}
        try:
            async with asyncio.timeout_at(deadline):
                corrections = await self.merge(question, fetched)
        except (HistoryUnavailable, TimeoutError) as error:
            reason = error.reason if isinstance(error, HistoryUnavailable) else "too slow"
            _log.warning("history not written", extra={**told, "reason": reason})
            return
        if corrections:
            _log.info("history corrected", extra={**told, "counts": corrections})

    async def merge(self, question: Question, fetched: DailyCounts) -> int:
        """Merge a fetch; returns how many kept counts it corrected.

        Raises:
            HistoryUnavailable: nothing was written.
        """
        partition = _partition(question, fetched.source)
        since = month_of(first_day(fetched))
        for _ in range(MAX_ATTEMPTS):
            kept = await self._read_kept(partition, since)
            merged = merge(kept.head, kept.cells, fetched)
            cells = {**kept.cells, **merged.changed}
            changed = [
                _month_item(partition, month, cells) for month in sorted(months(merged.changed))
            ]
            head = _head_item(partition, kept.version + 1, merged.head)
            try:
                await self._write(head, _is_still(kept.version), changed)
            except ConditionFailed:
                await asyncio.sleep(self._random.uniform(0, MAX_PAUSE_S))
            except TableUnavailable as error:
                raise HistoryUnavailable("the table is unavailable") from error
            else:
                return merged.corrections
        raise HistoryUnavailable("other environments are writing it")

    async def read(
        self, question: Question, source: Source, first: dt.date, last: dt.date
    ) -> Cells:
        """The kept counts of the days from the first to the last, both included, in one Query.

        Raises:
            HistoryUnavailable: the table failed.
        """
        between = RangeKey("month").between(_month(first), _month(last))
        condition = HashKey("series", _partition(question, source)) & between
        cells = _cells(await self._query(condition, consistent=False))
        return {cell: count for cell, count in cells.items() if first <= cell.day <= last}

    async def aclose(self) -> None:
        """Close the connections to the table."""
        await self._table.aclose()

    async def _read_kept(self, partition: str, since: dt.date) -> _Kept:
        condition = HashKey("series", partition) & RangeKey("month").gte(_month(since))
        items = await self._query(condition, consistent=True)
        head = next((item for item in items if item["month"] == HEAD), None)
        if head is None:
            return _Kept(0, None, _cells(items))
        lacked = _cells([head]) if "counts" in head else {}
        cells = _cells([item for item in items if item is not head])
        return _Kept(head["version"], Head(head["fetched_ms"], lacked), cells)

    async def _query(self, condition: KeyCondition, *, consistent: bool) -> list[Item]:
        try:
            items = await self._table.query(condition, consistent=consistent)
        except TableUnavailable as error:
            raise HistoryUnavailable("the table is unavailable") from error
        if any(item["format"] != FORMAT for item in items):
            raise HistoryUnavailable("it has items of another version")
        return items

    async def _write(self, head: Item, condition: Condition, changed: Sequence[Item]) -> None:
        if changed:
            await self._table.put_all(head, condition, changed)
        else:
            await self._table.put(head, condition)


def _month_item(partition: str, month: dt.date, cells: Cells) -> Item:
    own = {cell: count for cell, count in cells.items() if month_of(cell.day) == month}
    return {
        "series": partition,
        "month": _month(month),
        "format": FORMAT,
        "counts": pack(*as_counts(own)),
    }


def _head_item(partition: str, version: int, head: Head) -> Item:
    lacked = {"counts": pack(*as_counts(head.lacked))} if head.lacked else {}
    return {
        "series": partition,
        "month": HEAD,
        "format": FORMAT,
        "version": version,
        "fetched_ms": head.fetched_ms,
        **lacked,
    }


def _cells(items: Sequence[Item]) -> dict[Cell, int]:
    try:
        unpacked = [unpack(item["counts"]) for item in items]
    except UnreadableCounts as error:
        raise HistoryUnavailable("it has unreadable items") from error
    return {
        cell: count for first, counts in unpacked for cell, count in as_cells(first, counts).items()
    }


def _is_still(version: int) -> Condition:
    return F("version").equals(version) if version else F("series").does_not_exist()


def _partition(question: Question, source: Source) -> str:
    return f"{source}#{question.breakdown}#{question.package}"


def _month(day: dt.date) -> str:
    return day.isoformat()[: len("2026-11")]
