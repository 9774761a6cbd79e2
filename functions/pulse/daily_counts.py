"""The core type: downloads by category and day.

Sources, memory, the table, stats, series and the drop-in all use it.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, NamedTuple, Self

DAY: Final = dt.timedelta(days=1)

Source = Literal["pypistats.org", "simulated", "clickhouse"]
"""Where counts come from; `simulated` counts are from the fake pypistats.org."""

Counts = Sequence[int | None]
"""Downloads per day, one entry for each day; None if the source has no row."""


class Days(NamedTuple):
    """The downloads of one category per UTC day, starting at `first`."""

    first: dt.date
    counts: Counts

    @property
    def rows(self) -> list[tuple[dt.date, int]]:
        """The days with a row and their downloads, oldest first."""
        return [
            (self.first + number * DAY, count)
            for number, count in enumerate(self.counts)
            if count is not None
        ]

    @property
    def total(self) -> int:
        """The sum of all days."""
        return sum(count or 0 for count in self.counts)

    def on(self, day: dt.date) -> int | None:
        """Downloads on a day; None if it has no row."""
        number = (day - self.first).days
        return self.counts[number] if 0 <= number < len(self.counts) else None

    def until(self, end: dt.date, days: int) -> int:
        """The sum of the last `days` days up to and including `end`."""
        stop = (end - self.first).days + 1
        return sum(count or 0 for count in self.counts[max(0, stop - days) : max(0, stop)])


@dataclass(frozen=True, slots=True)
class DailyCounts:
    """A package's downloads in one breakdown, by category and UTC day.

    `counts` has one list per category, in the source's order; all lists start at `first` and have the
    same length. `as_of` is the newest day that the source has loaded, for all packages. `fetched_at` and
    `fresh_until` are UTC: when the counts were fetched, and when to fetch them again. `stale` is true if
    fetching them again failed.
    """

    first: dt.date
    counts: Mapping[str, Counts]
    source: Source
    fetched_at: dt.datetime
    as_of: dt.date
    fresh_until: dt.datetime
    stale: bool = False

    @property
    def length(self) -> int:
        """The number of days, from the first to the last day with a row in any category."""
        return max(map(len, self.counts.values()), default=0)

    @property
    def last(self) -> dt.date:
        """The last day with a row in any category; without rows, the day before `first`."""
        return self.first + (self.length - 1) * DAY

    def of(self, category: str) -> Days:
        """The downloads of one category; empty if there is no such category."""
        return Days(self.first, self.counts.get(category, ()))

    def overall(self, *, mirrors: bool) -> Days:
        """Of `overall` counts: the downloads with or without those by mirrors."""
        return self.of("with_mirrors" if mirrors else "without_mirrors")

    def has(self, day: dt.date) -> bool:
        """Whether any category has a row on a day."""
        return any(self.of(name).on(day) is not None for name in self.counts)

    def categories_on(self, day: dt.date) -> set[str]:
        """The categories with a row on a day."""
        return {name for name in self.counts if self.of(name).on(day) is not None}

    def rows(self) -> Iterator[tuple[str, dt.date, int]]:
        """Each row as category, day, downloads; ordered by category (the source's order), then day."""
        for category in self.counts:
            for day, count in self.of(category).rows:
                yield category, day, count

    def as_stale(self, fresh_until: dt.datetime) -> Self:
        """These counts, marked stale, to be fetched again at `fresh_until`."""
        return replace(self, stale=True, fresh_until=fresh_until)


def sum_of_known(counts: Counts) -> int | None:
    """The sum of the counts that are not None; None if all are."""
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def days_from(first: dt.date, last: dt.date) -> Iterator[dt.date]:
    """All days from the first to the last, both included."""
    return (first + number * DAY for number in range((last - first).days + 1))
