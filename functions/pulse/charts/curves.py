"""Turns the series of a chart into what is drawn: values over spans of days, on the chart's scale."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from pulse.charts.data import ChartData, ChartSeries, Means
from pulse.charts.scales import Axis, index_axis, linear_axis, log_axis, share_axis
from pulse.daily_counts import DAY, Days
from pulse.image_parameters import Scale
from pulse.models import Period
from pulse.series import periods_of, points_of
from pulse.stats import STEADY_SHARE, WEEK_DAYS
from pulse.svg_text import abbreviated

INDEX_BASE: Final = 100


MOST_THIN: Final = 4
"""The most series for which single days are drawn too; more would hide the means."""


class Span(NamedTuple):
    """A value over some days, counted from the first one; None for a gap.

    It is not whole if days are missing: cut off, or lost.
    """

    begin: int
    end: int
    value: float | None
    whole: bool = True

    @property
    def middle(self) -> float:
        """Where a point for it lies."""
        return (self.begin + self.end) / 2


class Curve(NamedTuple):
    """A series on the chart's scale. `color` is the series'; `thin` are single days."""

    color: str
    name: str
    thick: Sequence[Span]
    thin: Sequence[Span] = ()

    @property
    def last(self) -> Span | None:
        """The last value; of whole spans, if there are any."""
        known = [span for span in self.thick if span.value is not None]
        return next((span for span in reversed(known) if span.whole), known[-1] if known else None)


def curves_of(data: ChartData, period: Period, scale: Scale) -> list[Curve]:
    """A curve for each series that can be drawn on that scale."""
    if scale == "share":
        return _shares(data, period)
    curves = [_curve(one, data, period) for one in data.series]
    match scale:
        case "log":
            return [_scaled(curve, 1, least=0) for curve in curves]
        case "index":
            bases = [(curve, _base(curve)) for curve in curves]
            return [
                _scaled(curve._replace(thin=()), INDEX_BASE / base) for curve, base in bases if base
            ]
        case _:
            return curves


def axis_of(curves: Sequence[Curve], scale: Scale, most_ticks: int) -> Axis:
    """The vertical axis for these curves. Only bars show spans that are not whole."""
    has_lines = scale in {"log", "index"}
    values = [
        span.value
        for curve in curves
        for span in (*curve.thick, *curve.thin)
        if span.value is not None and (span.whole or not has_lines)
    ]
    match scale:
        case "share":
            return share_axis()
        case "log":
            return log_axis(values, most_ticks)
        case "index":
            return index_axis(values, most_ticks)
        case "linear":
            return linear_axis(values, most_ticks)


def value_label(value: float, scale: Scale) -> str:
    """A value in few characters."""
    if scale == "share":
        return f"{value:.0%}" if value == 0 or value >= 0.01 else "<1%"  # noqa: PLR2004 - 1%
    return f"{value:.0f}" if scale == "index" else abbreviated(value)


def _curve(one: ChartSeries, data: ChartData, period: Period) -> Curve:
    if period != "day":
        return Curve(one.color, one.name, _sums(data, one, period))
    days = _spans(one.counts)
    if all(mean is None for mean in one.means):
        return Curve(one.color, one.name, days)
    thin = days if len(data.series) <= MOST_THIN else ()
    return Curve(one.color, one.name, _spans(one.means), thin)


def _spans(values: Means) -> list[Span]:
    return [Span(day, day + 1, value) for day, value in enumerate(values)]


def _sums(data: ChartData, one: ChartSeries, period: Period) -> list[Span]:
    """The sum of each week or month."""
    days = [data.first + number * DAY for number in range(data.length)]
    periods = periods_of(days, period)
    points = points_of(Days(data.first, one.counts), periods, period)
    spans = []
    for point, of_period in zip(points, periods.values(), strict=True):
        begin = (of_period[0] - data.first).days
        end = begin + len(of_period)
        counts = one.counts[begin:end]
        is_gap = all(count is None for count in counts)
        known = sum(count is not None for count in counts)
        lacks_days = one.steady and known < STEADY_SHARE * len(counts)
        whole = point.complete and not lacks_days
        spans.append(Span(begin, end, None if is_gap else point.downloads, whole))
    return spans


def _shares(data: ChartData, period: Period) -> list[Curve]:
    """The share of each series of the sum of all, from 0 to 1; a gap where there is nothing.

    Before the first 7-day mean is a gap too: shares of a few weekdays are no trend.
    """
    if period == "day":
        of_days = list(zip(*(one.counts for one in data.series), strict=True))
        known = {day for day, counts in enumerate(of_days) if any(c is not None for c in counts)}
        averaged = [
            day for one in data.series for day, mean in enumerate(one.means) if mean is not None
        ]
        begin = min(averaged, default=0)
        spans = [
            [
                Span(day, day + 1, _recent(one, day) if day in known and day >= begin else None)
                for day in range(data.length)
            ]
            for one in data.series
        ]
    else:
        spans = [_sums(data, one, period) for one in data.series]
    sums = [sum(span.value or 0 for span in together) for together in zip(*spans, strict=True)]
    return [
        Curve(
            one.color,
            one.name,
            [
                span._replace(value=(span.value or 0) / whole if whole else None)
                for span, whole in zip(of_series, sums, strict=True)
            ],
        )
        for one, of_series in zip(data.series, spans, strict=True)
    ]


def _recent(one: ChartSeries, day: int) -> float:
    """The 7-day mean of a day, or that of as many days as are known; 0 without any."""
    mean = one.means[day]
    if mean is not None:
        return mean
    week = [
        count for count in one.counts[max(0, day - WEEK_DAYS + 1) : day + 1] if count is not None
    ]
    return sum(week) / len(week) if week else 0


def _base(curve: Curve) -> float | None:
    """The value that becomes 100: the first that is whole."""
    first = next((span for span in curve.thick if span.value is not None and span.whole), None)
    return first.value if first else None


def _scaled(curve: Curve, factor: float, least: float | None = None) -> Curve:
    """The curve with each value times `factor`; those up to `least` are gaps."""

    def scaled(spans: Sequence[Span]) -> list[Span]:
        return [
            span
            if span.value is None
            else span._replace(
                value=None if least is not None and span.value <= least else span.value * factor
            )
            for span in spans
        ]

    return curve._replace(thick=scaled(curve.thick), thin=scaled(curve.thin))
