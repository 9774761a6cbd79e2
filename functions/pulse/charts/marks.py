"""The marks of a chart: lines with dots, bars, and areas on top of each other."""

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from pulse.charts.curves import Curve, Span, value_label
from pulse.charts.data import ChartData
from pulse.charts.layout import Box, Label, Look, coordinate, rect

_LEAST_BAR_PX: Final = 4.0
_RAMP: Final = 10
"""The colours for versions."""

Drawn = tuple[list[str], list[Label]]
"""SVG elements, and what is to be written at the ends of the curves."""


def marks_of(data: ChartData, curves: Sequence[Curve], box: Box, look: Look) -> Drawn:
    """Draw the curves as lines, bars or areas, which depends on the period and the scale."""
    if look.scale == "share":
        return _stack(data, curves, box, look)
    if _has_bars(curves, box, look):
        return _bars(curves, box, look)
    return _lines(curves, box, look)


def _has_bars(curves: Sequence[Curve], box: Box, look: Look) -> bool:
    """Whether the curves are bars: sums, on an axis from zero, if they are not too narrow."""
    return (
        look.period != "day"
        and look.scale == "linear"
        and 0.8 * _room_px(curves, box) / len(curves) >= _LEAST_BAR_PX
    )


def _room_px(curves: Sequence[Curve], box: Box) -> float:
    """The width that each day, week or month has."""
    return (box.right - box.left) / max(len(curve.thick) for curve in curves)


def _lines(curves: Sequence[Curve], box: Box, look: Look) -> Drawn:
    """A line for each curve, with a thin one for single days below it."""
    thin: list[str] = []
    thick: list[str] = []
    # More points than pixels can't be seen.
    every = math.ceil(box.days / (box.right - box.left))
    for curve in curves:
        css = f"s{curve.color}"
        if every == 1:
            thin += _path(curve.thin, box, f"thin {css}")
        if look.period == "day":
            thick += _path(curve.thick[::every], box, f"line d{curve.color} {css}")
        else:
            whole = [span if span.whole else span._replace(value=None) for span in curve.thick]
            thick += _path(whole, box, f"line d{curve.color} {css}")
            thick += _dots(whole, box, f"dot {css}")
    return thin + thick, _labels(curves, box, look)


def _labels(curves: Sequence[Curve], box: Box, look: Look) -> list[Label]:
    """The name and the last value of each curve."""
    labels = []
    for curve in curves:
        if last := curve.last:
            value = last.value or 0
            text = value_label(value, look.scale)
            labels.append(Label(box.y(value), f"f{curve.color}", curve.name, text))
    return labels


def _path(spans: Sequence[Span], box: Box, css: str) -> Iterator[str]:
    """A line through the points, broken at gaps; a point between two gaps is a dot."""
    pieces, alone = [], []
    for run in _runs(spans):
        if len(run) == 1:
            alone += run
        else:
            pieces.append("M" + "L".join(_point(span, box) for span in run))
    if pieces:
        yield f'<path class="{css}" d="{"".join(pieces)}"/>'
    yield from _dots(alone, box, f"dot {css.rpartition(' ')[2]}")


def _dots(spans: Iterable[Span], box: Box, css: str) -> Iterator[str]:
    places = [f"M{_point(span, box)}h0" for span in spans if span.value is not None]
    if places:
        yield f'<path class="{css}" d="{"".join(places)}"/>'


def _point(span: Span, box: Box) -> str:
    return f"{coordinate(box.x(span.middle))} {coordinate(box.y(span.value or 0))}"


def _runs(spans: Iterable[Span]) -> Iterator[list[Span]]:
    """The spans between gaps."""
    run: list[Span] = []
    for span in spans:
        if span.value is not None:
            run.append(span)
        elif run:
            yield run
            run = []
    if run:
        yield run


def _bars(curves: Sequence[Curve], box: Box, look: Look) -> Drawn:
    """A bar for each week or month; those of several curves stand side by side."""
    marks = []
    for place, curve in enumerate(curves):
        for span in curve.thick:
            if span.value is None:
                continue
            room = (box.x(span.end) - box.x(span.begin)) * 0.8
            left = box.x(span.begin) + room * 0.125 + room / len(curves) * place
            top = box.bottom - max(box.bottom - box.y(span.value), 1)
            css = f"f{curve.color}" if span.whole else f"f{curve.color} s{curve.color} part"
            marks.append(rect(left, top, left + room / len(curves) - 1, box.bottom, css))
    return marks, _labels(curves, box, look)


def _stack(data: ChartData, curves: Sequence[Curve], box: Box, look: Look) -> Drawn:
    """Areas or bars on top of each other. The last curve is on top, and drawn first.

    Bars that would be too narrow are areas, like days.
    """
    marks: list[str] = []
    labels: list[Label] = []
    below = [0.0] * len(curves[0].thick)
    fills = _fills(data, curves)
    stepped = look.period != "day" and _room_px(curves, box) >= _LEAST_BAR_PX
    for curve, fill in zip(curves, fills, strict=True):
        above = [
            None if span.value is None else low + span.value
            for span, low in zip(curve.thick, below, strict=True)
        ]
        tops = [span._replace(value=high) for span, high in zip(curve.thick, above, strict=True)]
        marks.insert(0, _area(tops, box, f"area {fill}", stepped=stepped))
        last = max((place for place, high in enumerate(above) if high is not None), default=0)
        high, low = above[last] or 0, below[last]
        text = value_label(high - low, look.scale)
        labels.append(Label(box.y((low + high) / 2), fill, curve.name, text))
        below = [low if high is None else high for low, high in zip(below, above, strict=True)]
    return marks, labels


def _area(tops: Sequence[Span], box: Box, css: str, *, stepped: bool) -> str:
    """The area from the axis to the tops. Each run of days reaches to the ends of its days."""
    pieces = []
    for run in _runs(tops):
        for bar in [[span] for span in run] if stepped else [run]:
            left, right = coordinate(box.x(bar[0].begin)), coordinate(box.x(bar[-1].end))
            heights = [coordinate(box.y(span.value or 0)) for span in bar]
            middle = "" if stepped else "".join(f"L{_point(span, box)}" for span in bar)
            bottom = coordinate(box.bottom)
            pieces.append(f"M{left} {bottom}V{heights[0]}{middle}L{right} {heights[-1]}V{bottom}Z")
    return f'<path class="{css}" d="{"".join(pieces)}"/>'


def _fills(data: ChartData, curves: Sequence[Curve]) -> list[str]:
    """The CSS class of each area: a ramp for versions, else softer colours than those of lines."""
    if not data.are_versions:
        return [f"a{curve.color}" for curve in curves]
    named = [curve.color for curve in curves if curve.color.isdigit()]
    step = (_RAMP - 1) / max(1, len(named) - 1)
    ramp = {color: f"r{round(place * step)}" for place, color in enumerate(named)}
    return [ramp.get(curve.color, f"a{curve.color}") for curve in curves]
