"""The charts of the routes and of pages: of one package, and of a comparison."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from pulse.charts.data import category_data, package_data
from pulse.charts.draw import draw, words
from pulse.charts.layout import Look
from pulse.comparison import Outcomes
from pulse.comparison_series import common_days
from pulse.daily_counts import DailyCounts
from pulse.image_parameters import (
    ChartQuery,
    ComparisonChartQuery,
    PackageChartQuery,
    Scale,
    Theme,
)
from pulse.models import Period
from pulse.names import ALL_OF_PYPI, PackageName
from pulse.problems import Problem, UnknownPackage, UpstreamProblem
from pulse.series import DateRange, answered_days
from pulse.views import needs_clickhouse

_MOST_NAMED: Final = 3

_BY: Final = {
    "overall": "with and without mirrors",
    "python_major": "by Python version",
    "python_minor": "by Python version",
    "system": "by operating system",
}


def package_chart(
    package: PackageName,
    query: PackageChartQuery,
    dates: DateRange,
    counts: DailyCounts,
    embedded_as: str | None = None,
) -> str:
    """The chart of one package, as SVG: its downloads, or those of each category of a breakdown.

    `embedded_as` is as in `comparison_chart`.
    """
    days = answered_days(dates, counts).days
    name = _shown(package)
    scale = query.scale or ("share" if query.by else "linear")
    if query.by:
        data = category_data(query.by, counts, days)
        what = _what(query.period, scale, _BY.get(query.by, f"by {query.by.replace('_', ' ')}"))
        included = needs_clickhouse(query.by) and query.mirrors is not False
        details = [] if query.by == "overall" else [_mirrors(mirrors=included)]
    else:
        mirrors = query.mirrors is not False
        data = package_data({name: counts}, days, mirrors=mirrors)
        what = _what(query.period, scale)
        details = [_mirrors(mirrors=mirrors)]
    title = f"{name}: {what}"
    return draw(data, _look(title, details, query, scale, embedded_as))


def comparison_chart(
    query: ComparisonChartQuery,
    dates: DateRange,
    outcomes: Outcomes,
    embedded_as: str | None = None,
) -> str:
    """The chart of several packages, as SVG; those without figures are named below it.

    `embedded_as` is for a chart within a page, which has `style.stylesheet` itself: the prefix of the
    chart's ids, different for each chart of the page.

    Raises:
        UnknownPackage: none of the packages is known.
        UpstreamProblem: upstream failed for a package, and none has figures.
    """
    what = _what(query.period, query.scale)
    failed = {name: one for name, one in outcomes.items() if isinstance(one, Problem)}
    found = {_shown(name): one for name, one in outcomes.items() if isinstance(one, DailyCounts)}
    title, details = what[0].upper() + what[1:], [_mirrors(mirrors=query.mirrors)]
    if len(found) == 1:
        (name,) = found
        title = f"{name}: {what}"
    look = _look(title, details, query, query.scale, embedded_as)
    look = replace(look, notes=_failures(failed))
    if not found:
        raise _nothing_found(failed)
    days = common_days(dates, outcomes).days
    return draw(package_data(found, days, mirrors=query.mirrors), look)


def problem_chart(problem: Problem, theme: Theme | None, width: int) -> str:
    """A picture that says in words why there is no chart."""
    heading = problem.in_few_words
    look = Look("Downloads", theme=theme, width=width)
    return words(heading[0].upper() + heading[1:], [problem.detail], look)


def _nothing_found(failed: Mapping[PackageName, Problem]) -> Problem:
    """Why there is no chart: upstream's failure, if there is one."""
    failure = next((one for one in failed.values() if isinstance(one, UpstreamProblem)), None)
    return failure or UnknownPackage(" ".join(_failures(failed)))


def _look(
    title: str, details: Sequence[str], query: ChartQuery, scale: Scale, embedded_as: str | None
) -> Look:
    look = Look(title, details, period=query.period, scale=scale, width=query.width)
    if embedded_as is None:
        return replace(look, theme=query.theme)
    return replace(look, theme=None, id=embedded_as)


def _shown(package: PackageName) -> str:
    return "All of PyPI" if package == ALL_OF_PYPI else str(package)


def _what(period: Period, scale: Scale, by: str = "") -> str:
    """What the chart shows, in lower case."""
    match scale:
        case "share":
            what = f"share of downloads {by}"
        case "linear" | "log" | "index":
            what = f"downloads per {period} {by}"
    return what.rstrip()


def _mirrors(*, mirrors: bool) -> str:
    return "with mirrors" if mirrors else "without mirrors"


def _failures(failed: Mapping[PackageName, Problem]) -> Sequence[str]:
    """A sentence for each of the first packages without figures."""
    sentences = [f"{name}: {problem.in_few_words}." for name, problem in failed.items()]
    more = len(sentences) - _MOST_NAMED
    return [*sentences[:_MOST_NAMED], *([f"And {more} more."] if more > 0 else [])]
