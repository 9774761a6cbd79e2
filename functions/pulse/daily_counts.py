"""The core type: downloads by category and day.

One shape for a source's answer, memory, the table, stats, series, the drop-in and CSV.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, NamedTuple, Self

DAY: Final = dt.timedelta(days=1)

Source = Literal["pypistats.org", "simulated"]
"""Where counts come from; `simulated` ones are invented by the fake pypistats.org."""

Counts = Sequence[int | None]
"""Downloads by day, without gaps; None where the source has no row."""


class Days(NamedTuple):
    """The downloads of one category by UTC day, from `first` on."""

    first: dt.date
    counts: Counts

    @property
    def rows(self) -> list[tuple[dt.date, int]]:
        """The days that have a row, oldest first, with their downloads."""
        return [
            (self.first + number * DAY, count)
            for number, count in enumerate(self.counts)
            if count is not None
        ]

    def on(self, day: dt.date) -> int | None:
        """Downloads on a day; None without a row."""
        number = (day - self.first).days
        return self.counts[number] if 0 <= number < len(self.counts) else None

    def until(self, end: dt.date, days: int) -> int:
        """Downloads in the `days` days that end at `end`, that day included."""
        stop = (end - self.first).days + 1
        return sum(count or 0 for count in self.counts[max(0, stop - days) : max(0, stop)])


@dataclass(frozen=True, slots=True)
class DailyCounts:
    """A package's downloads in one breakdown, by category and UTC day.

    `counts` has a list for each category, in the source's order; all start at `first` and are equally
    long. `as_of` is the newest day that the source has loaded for all packages, `fetched_at` when the
    source was asked and `fresh_until` when it is worth asking again (both UTC). `stale` is true if the
    source failed when it was asked again.
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
        """Days from the first to the last that has a row in any category."""
        return max(map(len, self.counts.values()), default=0)

    def of(self, category: str) -> Days:
        """One category; without any day if there is none of that name."""
        return Days(self.first, self.counts.get(category, ()))

    def categories_on(self, day: dt.date) -> set[str]:
        """The categories that have a row on a day."""
        return {name for name in self.counts if self.of(name).on(day) is not None}

    def rows(self) -> Iterator[tuple[str, dt.date, int]]:
        """Category, day and downloads of each row, by category in the source's order, then by day."""
        for category in self.counts:
            for day, count in self.of(category).rows:
                yield category, day, count

    def as_stale(self, fresh_until: dt.datetime) -> Self:
        """The same, to be served as stale until then without asking again."""
        return replace(self, stale=True, fresh_until=fresh_until)


def days_from(first: dt.date, last: dt.date) -> Iterator[dt.date]:
    """All days from the first to the last, both included."""
    return (first + number * DAY for number in range((last - first).days + 1))
