"""Stores history in a table of its own: `HISTORY_TABLE`.

A package's breakdown is one partition, with an item for each month and a head, which has the time of the
newest merged fetch. A merge reads the months of upstream's window, and writes the head together with the
months that changed, on the condition that the head has not changed since it was read.
"""

import asyncio
import datetime as dt
import logging
import random
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final, NamedTuple, TypeVar

from aiodynamo.expressions import Condition, F, HashKey, KeyCondition, RangeKey

from pulse.daily_counts import DailyCounts, Source
from pulse.history import (
    Cell,
    Cells,
    Filled,
    Head,
    Merged,
    as_cells,
    as_counts,
    fetched_ms_of,
    fill,
    first_day,
    merge,
    month_of,
    months,
)
from pulse.names import PackageName
from pulse.problems import HistoryUnavailable
from pulse.questions import Breakdown, Question
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

C = TypeVar("C", Merged, Filled)


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

        A failure loses nothing: the next fetch returns the same days, and more.
        """
        try:
            async with asyncio.timeout_at(deadline):
                await self.merge(question, fetched)
        except (HistoryUnavailable, TimeoutError) as error:
            reason = error.reason if isinstance(error, HistoryUnavailable) else "too slow"
            _log.warning("history not written", extra={**_fields(question), "reason": reason})

    async def ensure(self, question: Question, fetched: DailyCounts) -> None:
        """Merge a fetch, unless it is the newest merged one: its environment may have ended before that.

        Raises:
            HistoryUnavailable: nothing was written.
        """
        head = HashKey("series", _partition(question, fetched.source)) & RangeKey("month").equals(
            HEAD
        )
        items = await self._query(head, consistent=True)
        if [item["fetched_ms"] for item in items] != [fetched_ms_of(fetched)]:
            await self.merge(question, fetched)

    async def merge(self, question: Question, fetched: DailyCounts) -> int:
        """Merge a fetch; returns how many kept counts it corrected, which is also logged.

        Raises:
            HistoryUnavailable: nothing was written.
        """
        partition = _partition(question, fetched.source)
        merged = await self._update(
            partition,
            month_of(first_day(fetched)),
            lambda kept: merge(kept.head, kept.cells, fetched),
        )
        if merged.corrections:
            corrected = {**_fields(question), "counts": merged.corrections}
            _log.info("history corrected", extra=corrected)
        return merged.corrections

    async def fill(
        self,
        question: Question,
        source: Source,
        imported: Cells,
        *,
        overwrite: bool = False,
        dry_run: bool = False,
    ) -> Filled:
        """Add imported counts of at most 99 months, as `pulse.history.fill`; a dry run only reads.

        A transaction has at most a hundred items: these months and the head.

        Raises:
            HistoryUnavailable: nothing was written.
        """
        return await self._update(
            _partition(question, source),
            min(months(imported)),
            lambda kept: fill(kept.head, kept.cells, imported, overwrite=overwrite),
            dry_run=dry_run,
        )

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

    async def export(self, source: Source) -> AsyncIterator[tuple[Question, Cells]]:
        """The kept counts of all packages, a month of a package's breakdown at a time, in no order.

        Raises:
            HistoryUnavailable: the table failed, or has items that can't be read.
        """
        start = None
        while True:
            try:
                page = await self._table.scan_page(start)
            except TableUnavailable as error:
                raise HistoryUnavailable("the table is unavailable") from error
            for item in page.items:
                series, _, name = item["series"].partition("#")
                if series == source and item["month"] != HEAD:
                    _check_format(item)
                    breakdown, _, package = name.partition("#")
                    yield Question(PackageName.parse(package), Breakdown(breakdown)), _cells([item])
            start = page.last_evaluated_key
            if start is None:
                return

    async def aclose(self) -> None:
        """Close the connections to the table."""
        await self._table.aclose()

    async def _read_kept(self, partition: str, since: dt.date) -> _Kept:
        # The head is read first. So the write fails if a month changes after it was read.
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
        for item in items:
            _check_format(item)
        return items

    async def _update(
        self,
        partition: str,
        since: dt.date,
        change: Callable[[_Kept], C],
        *,
        dry_run: bool = False,
    ) -> C:
        """Write a change to the kept counts from a month on, unless it changes nothing.

        Raises:
            HistoryUnavailable: nothing was written.
        """
        for _ in range(MAX_ATTEMPTS):
            kept = await self._read_kept(partition, since)
            changed = change(kept)
            if dry_run or (not changed.changed and changed.head == kept.head):
                return changed
            cells = {**kept.cells, **changed.changed}
            items = [
                _month_item(partition, month, cells) for month in sorted(months(changed.changed))
            ]
            head = _head_item(partition, kept.version + 1, changed.head)
            try:
                await self._write(head, _is_still(kept.version), items)
            except ConditionFailed:
                await asyncio.sleep(self._random.uniform(0, MAX_PAUSE_S))
            except TableUnavailable as error:
                raise HistoryUnavailable("the table is unavailable") from error
            else:
                return changed
        raise HistoryUnavailable("other environments are writing it")

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


def _check_format(item: Item) -> None:
    if item["format"] != FORMAT:
        raise HistoryUnavailable("it has items of another version")


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


def _fields(question: Question) -> dict[str, str]:
    """The question's fields of a log line."""
    return {"endpoint": str(question.breakdown), "package": question.package}


def _partition(question: Question, source: Source) -> str:
    return f"{source}#{question.breakdown}#{question.package}"


def _month(day: dt.date) -> str:
    return day.isoformat()[: len("2026-11")]
