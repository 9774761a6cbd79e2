"""History: all days of a package that were ever fetched, with the counts that upstream last returned.

A fetch returns upstream's whole window. Merging it adds its counts to those that are kept; counts that the
fetch lacks stay. Fetches may be merged in any order: of two fetches that have a count, the newer one wins.
Imported counts fill gaps: they are older than any fetch.
"""

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from pulse.daily_counts import DAY, Counts, DailyCounts, days_from
from pulse.freshness import window_expected

MAX_CLOCK_ERROR_MS: Final = 3_600_000
"""A fetch this far ahead of another one was made by a clock that was wrong, so it does not count as newer."""

IMPORTED_MS: Final = 0
"""The time of imported counts: before any fetch."""

DROPPED_DAYS: Final = 2
"""How long a day that has left upstream's window can still be in a fetch that is merged late."""


class Cell(NamedTuple):
    """A category and a day."""

    category: str
    day: dt.date


Cells = Mapping[Cell, int]
"""Downloads by category and day."""


@dataclass(frozen=True, slots=True)
class Head:
    """The newest merged fetch: its time, and the kept counts that it lacked, with the times of their fetches.

    Times are in milliseconds since 1970. Kept counts that are not in `lacked` were in the newest fetch, or
    are of days that have left upstream's window.
    """

    fetched_ms: int
    lacked: Cells

    def fetched_ms_of(self, cell: Cell) -> int:
        """When a kept count was last fetched."""
        return self.lacked.get(cell, self.fetched_ms)


class Merged(NamedTuple):
    """The result of a merge: the new head, the counts to write, and how many of them correct fetched ones."""

    head: Head
    changed: Cells
    corrections: int


class Filled(NamedTuple):
    """The result of an import: the new head, the counts to write, and how its counts compare to kept ones."""

    head: Head
    changed: Cells
    new: int
    same: int
    different: int


def merge(head: Head | None, kept: Cells, fetched: DailyCounts) -> Merged:
    """Merge a fetch into the kept counts of the months from `first_month` on; `head` is None at first."""
    fetched_ms = fetched_ms_of(fetched)
    new = as_cells(fetched.first, fetched.counts)
    before = head
    if head is None or _is_newer(fetched_ms, head):
        first = first_day(fetched)
        lacked = (
            {
                cell: head.fetched_ms_of(cell)
                for cell in kept
                if cell.day >= first and cell not in new
            }
            if head
            else {}
        )
        changed = new
        head = Head(fetched_ms, lacked)
    else:
        changed = {
            cell: count
            for cell, count in new.items()
            if cell not in kept or head.fetched_ms_of(cell) <= fetched_ms
        }
        head = replace(head, lacked={**head.lacked, **dict.fromkeys(changed, fetched_ms)})
    changed = {cell: count for cell, count in changed.items() if kept.get(cell) != count}
    corrected = [
        cell
        for cell in changed
        if cell in kept and before and before.fetched_ms_of(cell) != IMPORTED_MS
    ]
    return Merged(head, changed, len(corrected))


def fill(head: Head | None, kept: Cells, imported: Cells, *, overwrite: bool) -> Filled:
    """Add imported counts that are not kept yet; `head` is None at first.

    Kept counts stay, unless `overwrite`. The next fetch that has one of these counts wins, whatever its time.
    """
    head = head or Head(IMPORTED_MS, {})
    new = {cell: count for cell, count in imported.items() if cell not in kept}
    different = {cell: count for cell, count in imported.items() if kept.get(cell, count) != count}
    changed = {**new, **different} if overwrite else new
    # Otherwise they would count as part of the newest fetch.
    first = _first_day_at(dt.datetime.fromtimestamp(head.fetched_ms / 1000, dt.UTC))
    lacked = {
        cell: IMPORTED_MS
        for cell in changed
        if cell.day >= first and head.fetched_ms_of(cell) != IMPORTED_MS
    }
    return Filled(
        head=replace(head, lacked={**head.lacked, **lacked}),
        changed=changed,
        new=len(new),
        same=len(imported) - len(new) - len(different),
        different=len(different),
    )


def fetched_ms_of(fetched: DailyCounts) -> int:
    """When a fetch was made, in milliseconds since 1970."""
    return round(fetched.fetched_at.timestamp() * 1000)


def first_day(fetched: DailyCounts) -> dt.date:
    """The first day whose kept counts a merge of this fetch needs."""
    first = _first_day_at(fetched.fetched_at)
    return min(first, fetched.first) if fetched.counts else first


def _first_day_at(fetched_at: dt.datetime) -> dt.date:
    window_start, _ = window_expected(fetched_at)
    return window_start - DROPPED_DAYS * DAY


def month_of(day: dt.date) -> dt.date:
    """The first day of a day's month."""
    return day.replace(day=1)


def months(cells: Collection[Cell]) -> set[dt.date]:
    """The first days of the months that have these cells."""
    return {month_of(cell.day) for cell in cells}


def as_cells(first: dt.date, counts: Mapping[str, Counts]) -> dict[Cell, int]:
    """The counts by category and day; days without a row are left out."""
    return {
        Cell(category, first + number * DAY): count
        for category, days in counts.items()
        for number, count in enumerate(days)
        if count is not None
    }


def as_counts(cells: Cells) -> tuple[dt.date, dict[str, list[int | None]]]:
    """The first day, and a list of counts for each category; all lists have the same length."""
    first, last = min(cell.day for cell in cells), max(cell.day for cell in cells)
    categories = dict.fromkeys(cell.category for cell in cells)
    days = list(days_from(first, last))
    return first, {
        category: [cells.get(Cell(category, day)) for day in days] for category in categories
    }


def lacks_days(counts: DailyCounts, first: dt.date) -> bool:
    """Whether history may have days that the counts lack, from `first` to `as_of`."""
    return first < counts.first or any(
        not counts.has(day) for day in days_from(max(first, counts.first), counts.as_of)
    )


def joined(counts: DailyCounts, kept: Cells, first: dt.date) -> DailyCounts:
    """The counts with the kept ones that they lack, up to `as_of`.

    They begin with the first kept day; if `first` is later, with `first`, or their own first day if that is
    earlier. So kept days without a row are told from days that are not kept.
    """
    past = {cell: count for cell, count in kept.items() if cell.day <= counts.as_of}
    cells = {**past, **as_cells(counts.first, counts.counts)}
    if not cells:
        return counts
    first_kept, by_category = as_counts(cells)
    order = [*counts.counts, *(name for name in by_category if name not in counts.counts)]
    dropped = max(0, (min(first, counts.first) - first_kept).days)
    return replace(
        counts,
        first=first_kept + dropped * DAY,
        counts={name: by_category[name][dropped:] for name in order},
    )


def _is_newer(fetched_ms: int, head: Head) -> bool:
    return fetched_ms >= head.fetched_ms or head.fetched_ms - fetched_ms > MAX_CLOCK_ERROR_MS
