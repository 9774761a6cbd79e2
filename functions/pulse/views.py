"""The question that a request asks: without a view where pypistats.org has the answer, else with one.

Requests that differ in period, format, `limit` or the packages' order ask the same question, so that one
query of ClickHouse's hourly quota answers them all.
"""

import datetime as dt
from dataclasses import replace
from typing import Final

from pulse.daily_counts import DAY, DailyCounts, sum_of_known
from pulse.freshness import newest_expected, window_expected
from pulse.models import By, TopPeriod
from pulse.names import ALL_OF_PYPI, PackageName
from pulse.problems import InputError, InvalidInput
from pulse.pypistats import NULL_CATEGORY
from pulse.questions import ENDPOINTS, FIRST_DAY, OTHER, Breakdown, Question, View

RANKED: Final = (Breakdown.VERSION, Breakdown.COUNTRY, Breakdown.INSTALLER)
"""The breakdowns with many categories: only the largest are named."""

WITHOUT_MIRRORS: Final = (Breakdown.PYTHON_MAJOR, Breakdown.PYTHON_MINOR, Breakdown.SYSTEM)
"""The breakdowns that never include downloads by mirrors."""

DEFAULT_LIMIT: Final = 10
MAX_NAMED: Final = 30
"""The most categories of a ranked breakdown that an answer can name. As many are always asked for."""

MAX_TOP: Final = 500
"""Packages in the list of the most downloaded ones. As many are always asked for."""


def needs_clickhouse(by: By, version: str | None = None) -> bool:
    """Whether pypistats.org never has the answer."""
    return by not in ENDPOINTS or version is not None


def downloads_question(  # noqa: PLR0913 - each is a parameter of the request
    package: PackageName,
    by: By,
    start: dt.date | None,
    end: dt.date | None,
    now: dt.datetime,
    *,
    version: str | None = None,
    mirrors: bool | None = None,
) -> Question:
    """The question whose answer has the downloads from `start` to `end`.

    Raises:
        InvalidInput: all of PyPI is asked for by something that pypistats.org does not have.
    """
    breakdown = Breakdown(by)
    if not needs_clickhouse(by, version):
        return Question(package, breakdown)
    if package == ALL_OF_PYPI:
        raise _not_for_all("version" if version else "by")
    window_start, newest = window_expected(now)
    first = min(max(start or window_start, FIRST_DAY), newest)
    # A day that many requests have in common, and those of the next days, so that they find old answers.
    common = first.replace(day=1) if first >= window_start else first.replace(month=1, day=1)
    if breakdown in ENDPOINTS:
        return Question(package, breakdown, View(common, version=version))
    view = View(common, version=version, mirrors=mirrors is not False)
    if breakdown in RANKED:
        # The source names the largest categories of the view, so its days are just those asked for.
        view = view._replace(
            start=first if start else common,
            end=end if end and first <= end < newest else None,
            limit=MAX_NAMED,
        )
    return Question(package, breakdown, view)


def total_question(package: PackageName) -> Question:
    """The question whose answer has all downloads ever, with and without mirrors, from ClickHouse."""
    return Question(package, Breakdown.OVERALL, View(period="all"))


def version_totals_question(package: PackageName, *, mirrors: bool) -> Question:
    """The question whose answer has all downloads ever by version.

    Raises:
        InvalidInput: all of PyPI is asked for.
    """
    if package == ALL_OF_PYPI:
        raise _not_for_all("by")
    view = View(period="all", mirrors=mirrors, limit=MAX_NAMED)
    return Question(package, Breakdown.VERSION, view)


def top_question(period: TopPeriod, now: dt.datetime) -> Question:
    """The question whose answer has the downloads of the most downloaded packages."""
    if period == "all":
        view = View(period="all", limit=MAX_TOP)
    else:
        end = (newest_expected(now) + DAY).replace(day=1) - DAY
        view = View(end.replace(day=1), end, period="all", limit=MAX_TOP)
    return Question(ALL_OF_PYPI, Breakdown.PACKAGE, view)


def with_limit(counts: DailyCounts, limit: int, start: dt.date, end: dt.date) -> DailyCounts:
    """The counts with at most `limit` named categories: those with the most downloads in these days.

    All others are summed up as `OTHER`. `null` is no category, so it is not counted.
    """
    days = (end - start).days + 1
    names = sorted(
        (name for name in counts.counts if name not in {OTHER, NULL_CATEGORY}),
        key=lambda name: -counts.of(name).until(end, days),
    )
    kept = {name: counts.counts[name] for name in names[:limit]}
    rest = [counts.counts[name] for name in (*names[limit:], OTHER) if name in counts.counts]
    if rest:
        kept[OTHER] = [sum_of_known(day) for day in zip(*rest, strict=True)]
    if NULL_CATEGORY in counts.counts:
        kept[NULL_CATEGORY] = counts.counts[NULL_CATEGORY]
    return replace(counts, counts=kept)


def _not_for_all(parameter: str) -> InvalidInput:
    detail = (
        "For all of PyPI there are only downloads by overall, python_major, python_minor and system, "
        "of all versions."
    )
    return InvalidInput([InputError(location="query", parameter=parameter, detail=detail)])
