"""What a page tells about its packages, from the catalogue's answers."""

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from fastapi_app.pages.view import View
from pulse.daily_counts import DAY, DailyCounts, Source
from pulse.models import PackageStats
from pulse.names import PackageName
from pulse.problems import Problem
from pulse.pypistats import NULL_CATEGORY
from pulse.questions import Breakdown, Question
from pulse.series import category_order
from pulse.stats import package_stats

BREAKDOWNS: Final = (Breakdown.PYTHON_MINOR, Breakdown.SYSTEM)
"""Shown below the chart, as shares."""

LEAST_SHARE: Final = 0.01
"""A category that is smaller than this in every package is part of `other`."""

LEAST_OTHER: Final = 0.001
"""A smaller `other` is left out."""

OTHER: Final = "other"
UNKNOWN: Final = "unknown"
_LABELS: Final = {NULL_CATEGORY: UNKNOWN, "Darwin": "macOS"}

Answers = Mapping[Question, DailyCounts | Problem]


class Row(NamedTuple):
    """A package with its stats, or with its problem. `number` is its place in the address, from 0."""

    number: int
    package: PackageName
    stats: PackageStats | None
    problem: Problem | None


class Shares(NamedTuple):
    """How each package's downloads in the range are split; None where there are none.

    `rows` has a label and a share from 0 to 1 for each package. `problems` says what is missing.
    """

    rows: list[tuple[str, list[float | None]]]
    problems: dict[PackageName, Problem]


@dataclass(frozen=True)
class Figures:
    """A page's figures. Days are UTC; `start` to `as_of` is the range, `first` the first day that is kept."""

    rows: list[Row]
    overall: dict[PackageName, DailyCounts]
    shares: dict[Breakdown, Shares]
    first: dt.date
    start: dt.date
    as_of: dt.date
    source: Source
    fetched_at: dt.datetime
    stale: list[PackageName]
    """Packages with old figures, since the source failed when they were due."""

    @property
    def kept_days(self) -> int:
        """How many days of figures there are."""
        return (self.as_of - self.first).days + 1


def questions(view: View) -> list[Question]:
    """What the catalogue is asked for a view."""
    return [
        Question(package, breakdown)
        for breakdown in (Breakdown.OVERALL, *BREAKDOWNS)
        for package in view.packages
    ]


def rows(view: View, answers: Answers) -> list[Row]:
    """A row for each package of the view, in its order."""
    return [
        _row(number, package, answers[Question(package, Breakdown.OVERALL)], view)
        for number, package in enumerate(view.packages)
    ]


def _row(number: int, package: PackageName, answer: DailyCounts | Problem, view: View) -> Row:
    if isinstance(answer, Problem):
        return Row(number, package, None, answer)
    return Row(number, package, package_stats(package, answer, mirrors=view.with_mirrors), None)


def figures(view: View, answers: Answers) -> Figures | None:
    """The figures of a view; None if no package has any."""
    overall = {
        package: answer
        for package in view.packages
        if isinstance(answer := answers[Question(package, Breakdown.OVERALL)], DailyCounts)
    }
    if not overall:
        return None
    as_of = max(counts.as_of for counts in overall.values())
    first = min((counts.first for counts in overall.values() if counts.counts), default=as_of)
    start = view.start(first, as_of)
    return Figures(
        rows=rows(view, answers),
        overall=overall,
        shares={
            breakdown: _shares(list(overall), breakdown, answers, start) for breakdown in BREAKDOWNS
        },
        first=first,
        start=start,
        as_of=as_of,
        source=next(iter(overall.values())).source,
        fetched_at=min(counts.fetched_at for counts in overall.values()),
        stale=[package for package, counts in overall.items() if counts.stale],
    )


def _shares(
    packages: Sequence[PackageName], breakdown: Breakdown, answers: Answers, start: dt.date
) -> Shares:
    problems: dict[PackageName, Problem] = {}
    columns: list[dict[str, float]] = []
    for package in packages:
        answer = answers[Question(package, breakdown)]
        if isinstance(answer, Problem):
            problems[package] = answer
            columns.append({})
        else:
            columns.append(_split(answer, start))
    large = {
        name
        for column in columns
        for name, share in column.items()
        if share >= LEAST_SHARE and name != OTHER
    }
    order = sorted(large - {NULL_CATEGORY}, key=category_order, reverse=_is_version(large))
    if breakdown is Breakdown.SYSTEM:
        order.sort(key=lambda name: -sum(column.get(name, 0) for column in columns))
    shown = [*order, *({NULL_CATEGORY} & large)]
    table: list[tuple[str, list[float | None]]] = [
        (_LABELS.get(name, name), [column.get(name, 0.0) if column else None for column in columns])
        for name in shown
    ]
    rest = [
        sum(share for name, share in column.items() if name not in large) if column else None
        for column in columns
    ]
    if any(share and share >= LEAST_OTHER for share in rest):
        table.append((OTHER, rest))
    return Shares(table if any(columns) else [], problems)


def _split(counts: DailyCounts, start: dt.date) -> dict[str, float]:
    """The share of each category in the range; empty without downloads."""
    days = (counts.as_of - start) // DAY + 1
    sums = Counter({name: counts.of(name).until(counts.as_of, days) for name in counts.counts})
    total = sums.total()
    return {name: count / total for name, count in sums.items()} if total else {}


def _is_version(names: set[str]) -> bool:
    return any(name[:1].isdigit() for name in names)
