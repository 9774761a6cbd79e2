"""The figures of a page, from the catalogue's answers."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from fastapi_app.pages.view import View
from pulse.comparison import Outcomes
from pulse.daily_counts import DailyCounts, Source
from pulse.models import PackageStats
from pulse.names import PackageName
from pulse.problems import Problem
from pulse.questions import Answer, Breakdown, Question
from pulse.stats import package_stats

BREAKDOWNS: Final = (Breakdown.PYTHON_MINOR, Breakdown.SYSTEM)
"""Shown below the chart, as shares."""

Answers = Mapping[Question, Answer]


class Row(NamedTuple):
    """A package with its stats, or with its problem."""

    package: PackageName
    found: PackageStats | Problem


@dataclass(frozen=True)
class Figures:
    """A page's figures. Days are UTC; `start` to `as_of` is the range."""

    rows: list[Row]
    """All packages of the view, in its order, summed up over the days that the source keeps."""
    outcomes: Outcomes
    """Their `overall` counts in the range, kept days included."""
    breakdowns: dict[Breakdown, Outcomes]
    """The counts of the packages with figures in other breakdowns."""
    first: dt.date
    """The first day that the source keeps."""
    start: dt.date
    has_older_days: bool
    """Whether there are days before `first`."""
    as_of: dt.date
    source: Source
    fetched_at: dt.datetime

    @property
    def overall(self) -> dict[PackageName, DailyCounts]:
        """The packages with figures, in the order of the chart."""
        return _known(self.outcomes)

    @property
    def stale(self) -> list[PackageName]:
        """The packages with old figures, since the source failed when newer ones were due."""
        return [package for package, counts in self.overall.items() if counts.stale]

    def covers(self, days: int) -> bool:
        """Whether there are figures for more than this number of days."""
        return self.has_older_days or (self.as_of - self.first).days + 1 > days


def questions(view: View, breakdowns: Sequence[Breakdown] = BREAKDOWNS) -> list[Question]:
    """The questions that a view and its shares need answered."""
    return [
        Question(package, breakdown)
        for breakdown in (Breakdown.OVERALL, *breakdowns)
        for package in view.packages
    ]


def rows(view: View, answers: Answers) -> list[Row]:
    """A row for each package of the view, in its order."""
    return [
        Row(package, _found(package, answers[Question(package, Breakdown.OVERALL)], view))
        for package in view.packages
    ]


def figures(
    view: View, answers: Answers, with_history: Answers, *, has_older_days: bool
) -> Figures | None:
    """The figures of a view; None if no package has any.

    `answers` are the source's, `with_history` the same with the days of the range that are kept besides.
    """
    outcomes = {
        package: with_history[Question(package, Breakdown.OVERALL)] for package in view.packages
    }
    overall = _known(outcomes)
    if not overall:
        return None
    source_counts = [answers[Question(package, Breakdown.OVERALL)] for package in overall]
    as_of = max(counts.as_of for counts in overall.values())
    first = _first(source_counts, as_of)
    return Figures(
        rows=rows(view, answers),
        outcomes=outcomes,
        breakdowns={
            breakdown: {package: with_history[Question(package, breakdown)] for package in overall}
            for breakdown in BREAKDOWNS
            if Question(view.packages[0], breakdown) in answers
        },
        first=first,
        start=max(view.start(as_of), _first(overall.values(), as_of)),
        has_older_days=has_older_days,
        as_of=as_of,
        source=next(iter(overall.values())).source,
        fetched_at=min(counts.fetched_at for counts in overall.values()),
    )


def _found(package: PackageName, answer: Answer, view: View) -> PackageStats | Problem:
    if isinstance(answer, Problem):
        return answer
    return package_stats(package, answer, mirrors=view.with_mirrors)


def _first(outcomes: Iterable[Answer], as_of: dt.date) -> dt.date:
    """The first day of any of the counts; `as_of` if all are empty."""
    found = (one for one in outcomes if isinstance(one, DailyCounts))
    return min((counts.first for counts in found if counts.counts), default=as_of)


def _known(outcomes: Outcomes) -> dict[PackageName, DailyCounts]:
    return {name: counts for name, counts in outcomes.items() if isinstance(counts, DailyCounts)}
