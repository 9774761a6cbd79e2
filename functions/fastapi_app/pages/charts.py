"""The charts of a page, inline. Each comes in several sizes, of which the styles show one."""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from typing import Final

import htpy as h
from markupsafe import Markup

from fastapi_app.pages import words
from fastapi_app.pages.figures import Figures
from fastapi_app.pages.view import View
from pulse.charts.data import category_data
from pulse.charts.draw import draw
from pulse.charts.layout import Look
from pulse.charts.pictures import comparison_chart, package_chart
from pulse.comparison_series import common_days
from pulse.daily_counts import DailyCounts, Days, sum_of_known
from pulse.image_parameters import ComparisonChartQuery, PackageChartQuery
from pulse.models import Period
from pulse.names import PackageName
from pulse.questions import Breakdown
from pulse.series import DateRange, answered_days, periods_of

WIDTHS_PX: Final = {"narrow": 340, "medium": 640, "wide": 1040}
"""By the class of the chart; texts are too small or too large in a chart that is scaled much."""

_SPLIT_WIDTH_PX: Final = 400


def chart_figure(view: View, figures: Figures) -> h.Element:
    """The chart of a view. The script makes the figures of single days readable."""
    return h.figure("#chart.plot")[
        [
            h.div(class_=size)[Markup(chart_svg(view, figures, width_px, f"chart-{size}"))]  # noqa: S704 - it escapes
            for size, width_px in WIDTHS_PX.items()
        ],
        h.script(type="application/json")[_readings(view, figures)],
    ]


def split_figure(
    view: View, figures: Figures, breakdown: Breakdown, counts: DailyCounts
) -> h.Element:
    """The shares of a single package's categories over time."""
    days = answered_days(DateRange(figures.start, None), counts).days
    look = Look(
        title="Share of downloads",
        details=[] if view.period == "day" else [f"per {view.period}"],
        period=view.period,
        scale="share",
        theme=None,
        width=_SPLIT_WIDTH_PX,
        id=f"split-{breakdown}",
    )
    chart = draw(category_data(breakdown.value, counts, days), look)
    return h.figure(".plot")[Markup(chart)]  # noqa: S704 - it escapes


def swatch(number: int) -> h.Element:
    """The line of a package in the chart, as a legend beside its name."""
    return h.svg(".chart.swatch", viewbox="0 0 24 4", aria_hidden="true")[
        h.path(class_=["line", f"d{number}", f"s{number}"], d="M0 2H24")
    ]


def chart_svg(view: View, figures: Figures, width_px: int, embedded_as: str | None = None) -> str:
    """The chart of a view; standalone and in light colours unless `embedded_as` names its place in a page."""
    dates = DateRange(figures.start, None)
    values = {
        "period": view.period,
        "scale": view.scale,
        "mirrors": view.mirrors,
        "width": width_px,
        "theme": "light",
    }
    if len(view.packages) == 1:
        ((package, counts),) = figures.overall.items()
        query = PackageChartQuery.model_validate(values)
        return package_chart(package, query, dates, counts, embedded_as)
    compared = ComparisonChartQuery.model_validate({**values, "packages": list(view.packages)})
    return comparison_chart(compared, dates, figures.outcomes, embedded_as)


def _readings(view: View, figures: Figures) -> Markup:
    """The figures of each day, week or month, for the script.

    `days` is how many days the chart has. `spans` has, for each period, the day on which it begins, counted
    from the first one, its label, and the downloads of each package, or null for a gap.
    """
    days = common_days(DateRange(figures.start, None), figures.overall).days
    periods = periods_of(days, view.period)
    series = {
        package: counts.overall(mirrors=view.with_mirrors)
        for package, counts in figures.overall.items()
    }
    spans = [
        [(of_period[0] - days[0]).days, _label(of_period, view.period), *_sums(series, of_period)]
        for of_period in periods.values()
    ]
    found = {"packages": list(series), "days": len(days), "spans": spans}
    # `<` could end the script element.
    return Markup(json.dumps(found, separators=(",", ":")).replace("<", "\\u003c"))  # noqa: S704 - see above


def _label(days: Sequence[dt.date], period: Period) -> str:
    """The day, or the first and the last day of a period."""
    if period == "day":
        return words.day(days[0])
    return f"{words.day(days[0])} to {words.day(days[-1])}"


def _sums(series: Mapping[PackageName, Days], days: Sequence[dt.date]) -> list[int | None]:
    """The downloads of each package; None if none of the days has a row."""
    return [sum_of_known([one.on(day) for day in days]) for one in series.values()]
