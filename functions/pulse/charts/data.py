"""What a chart shows: series of daily downloads, with a 7-day mean and gaps where there is no row."""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pulse.daily_counts import DAY, Counts, DailyCounts, Days, sum_of_known
from pulse.problems import CLICKHOUSE
from pulse.pypistats import NULL_CATEGORY
from pulse.questions import OTHER
from pulse.series import category_order
from pulse.stats import WEEK_DAYS, first_row, is_steady

MOST_NAMED: Final = 10
"""Categories with a name of their own in one chart. Of more, the smallest are summed up."""

LABELS: Final = {NULL_CATEGORY: "unknown", "Darwin": "macOS"}
"""What charts and pages call categories whose own name is not the usual one."""

_REST_COLORS: Final = {OTHER: "o", NULL_CATEGORY: "u"}

_VERSION: Final = re.compile(r"\d+(\.\d+)*", re.ASCII)

Means = Sequence[float | None]


@dataclass(frozen=True)
class ChartSeries:
    """One line of a chart. `counts` and `means` have an entry for each day of the chart.

    A count is None without a row. A mean is that of the 7 days up to the day; None if these are not
    known. A steady series has a row on almost every day, so a day without one is lost; in others it is
    a day without downloads. `color` ends the names of its CSS classes: its number, or `o` and `u` for the
    categories `other` and `null`.
    """

    name: str
    color: str
    counts: Counts
    means: Means
    steady: bool

    @property
    def total(self) -> int:
        """All downloads that the chart shows."""
        return sum(count or 0 for count in self.counts)


@dataclass(frozen=True)
class ChartData:
    """The series of a chart, from the day `first`."""

    first: dt.date
    length: int
    series: Sequence[ChartSeries]
    as_of: dt.date
    source: str
    stale: bool

    @property
    def last(self) -> dt.date:
        """The last day."""
        return self.first + (self.length - 1) * DAY

    @property
    def lost_days(self) -> list[int]:
        """The days, counted from the first one, without a row in any series though one is steady."""
        return [
            day
            for day in range(self.length)
            if all(one.counts[day] is None for one in self.series)
            and any(one.steady and _has_begun(one.counts, day) for one in self.series)
        ]

    @property
    def are_versions(self) -> bool:
        """Whether the series are versions of something, in order."""
        names = [one.name for one in self.series if one.color.isdigit()]
        return len(names) > 1 and all(map(_VERSION.fullmatch, names))


def package_data(
    packages: Mapping[str, DailyCounts], days: Sequence[dt.date], *, mirrors: bool
) -> ChartData:
    """A series for each package, from its `overall` counts."""
    series = [
        _series(name, str(number), counts.overall(mirrors=mirrors), counts.as_of, days)
        for number, (name, counts) in enumerate(packages.items())
    ]
    return _data(list(packages.values()), series, days)


def category_data(by: str, counts: DailyCounts, days: Sequence[dt.date]) -> ChartData:
    """A series for each category of a breakdown, which add up to the whole.

    A category without a row on a day on which another has one has no downloads on it.
    """
    categories = _additive(counts) if by == "overall" else _at_most(MOST_NAMED, counts.counts)
    anything = [
        None if all(one[place] is None for one in categories.values()) else 0
        for place in range(counts.length)
    ]
    steady = is_steady_until(Days(counts.first, anything), counts.as_of)
    series = [
        _series(
            LABELS.get(name, name),
            _REST_COLORS.get(name, str(number)),
            Days(counts.first, _filled(of_category, anything)),
            counts.as_of,
            days,
            steady=steady,
        )
        for number, (name, of_category) in enumerate(categories.items())
    ]
    return _data([counts], series, days)


def is_steady_until(days: Days, as_of: dt.date) -> bool:
    """As `pulse.stats.is_steady`, from the first row; false without rows."""
    first = first_row(days)
    return first is not None and first <= as_of and is_steady(days, first, as_of)


def seven_day_means(counts: Counts, *, steady: bool) -> Means:
    """The mean of each day and the six before it; None unless all seven are at or after the first row.

    A lost day of a steady series counts as the same weekday of the week before, or of the week after.
    """
    first = next((place for place, count in enumerate(counts) if count is not None), len(counts))
    known = [_known(counts, place, first, steady=steady) for place in range(len(counts))]
    means: list[float | None] = [None] * len(counts)
    for place in range(first + WEEK_DAYS - 1, len(counts)):
        week = [count for count in known[place - WEEK_DAYS + 1 : place + 1] if count is not None]
        if len(week) == WEEK_DAYS:
            means[place] = sum(week) / WEEK_DAYS
    return means


def _known(counts: Counts, place: int, first: int, *, steady: bool) -> int | None:
    """The count of a day, or what takes its place in a mean."""
    if place < first or counts[place] is not None:
        return counts[place]
    if not steady:
        return 0
    before, after = place - WEEK_DAYS, place + WEEK_DAYS
    near = [counts[other] for other in (before, after) if first <= other < len(counts)]
    return next((count for count in near if count is not None), None)


def _series(  # noqa: PLR0913 - each is a fact of the series
    name: str,
    color: str,
    rows: Days,
    as_of: dt.date,
    days: Sequence[dt.date],
    *,
    steady: bool | None = None,
) -> ChartSeries:
    """A series on the days of the chart; its means know the days before them."""
    if steady is None:
        steady = is_steady_until(rows, as_of)
    length = max(0, (as_of - rows.first).days + 1)
    counts = [rows.on(rows.first + number * DAY) for number in range(length)]
    means = seven_day_means(counts, steady=steady)
    places = [(day - rows.first).days for day in days]
    return ChartSeries(
        name,
        color,
        [counts[place] if 0 <= place < length else None for place in places],
        [means[place] if 0 <= place < length else None for place in places],
        steady,
    )


def _data(
    counts: Sequence[DailyCounts], series: list[ChartSeries], days: Sequence[dt.date]
) -> ChartData:
    return ChartData(
        first=days[0] if days else dt.date.min,
        length=len(days),
        series=series,
        as_of=max(one.as_of for one in counts),
        source=_sources(counts),
        stale=any(one.stale for one in counts),
    )


def _sources(counts: Sequence[DailyCounts]) -> str:
    """The names of the sources, each once."""
    names = dict.fromkeys(one.source for one in counts)
    if "simulated" in names:
        return "simulated"
    return " and ".join(CLICKHOUSE if name == "clickhouse" else name for name in names)


def _has_begun(counts: Counts, day: int) -> bool:
    return any(count is not None for count in counts[:day])


def _additive(counts: DailyCounts) -> dict[str, Counts]:
    """The two parts of `overall`: `with_mirrors` includes `without_mirrors`."""
    everything, ours = (
        [category.on(counts.first + number * DAY) for number in range(counts.length)]
        for category in (counts.overall(mirrors=True), counts.overall(mirrors=False))
    )
    mirrors = [
        None if whole is None else max(0, whole - (own or 0))
        for whole, own in zip(everything, ours, strict=True)
    ]
    return {"without mirrors": ours, "mirrors": mirrors}


def _at_most(most: int, categories: Mapping[str, Counts]) -> dict[str, Counts]:
    """The largest categories in order, then `other` with all smaller ones, and the unknown."""
    totals = {name: sum(count or 0 for count in counts) for name, counts in categories.items()}
    named = sorted(totals.keys() - _REST_COLORS.keys(), key=lambda name: (-totals[name], name))
    kept = {name: categories[name] for name in sorted(named[:most], key=category_order)}
    rest = [categories[name] for name in (*named[most:], OTHER) if name in categories]
    if rest:
        kept[OTHER] = [sum_of_known(counts) for counts in zip(*rest, strict=True)]
    if NULL_CATEGORY in categories:
        kept[NULL_CATEGORY] = categories[NULL_CATEGORY]
    return kept


def _filled(counts: Counts, anything: Counts) -> Counts:
    """Zeros for the days without a row on which there is anything."""
    return [none if count is None else count for count, none in zip(counts, anything, strict=True)]
