"""Draws charts as SVG, without scripts, filters, web fonts or style attributes."""

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from pulse.charts.curves import INDEX_BASE, Curve, Span, axis_of, curves_of, value_label
from pulse.charts.data import OTHER, UNKNOWN, ChartData
from pulse.charts.scales import Axis, day_label, day_ticks
from pulse.charts.style import stylesheet
from pulse.image_parameters import Scale, Theme
from pulse.models import Period
from pulse.svg_text import escaped, shortened, width_px, wrapped

SMALL_BELOW_PX: Final = 560
"""Narrower charts have less text."""

_FONT_PX: Final = 12
_TITLE_PX: Final = 16
_BOLD: Final = 1.1
"""How much wider than others bold letters are."""

_MARGIN_PX: Final = 16
_TOP_PX: Final = 62
_LINE_PX: Final = 16
_TICK_PX: Final = 44
"""The least distance of two horizontal lines."""

_CLASSES: Final = re.compile('class="([^"]*)"')
_LEAST_BAR_PX: Final = 4.0
_SWATCH_PX: Final = 10
_RAMP: Final = 10


@dataclass(frozen=True)
class Look:
    """How a chart is drawn. Without a theme it has no styles: the page around it has to bring them.

    `details` are the parts of the line below the title, the most important ones first; `notes` are
    sentences at the bottom. `id` is what the chart's own ids begin with; a page with several charts
    gives each another one.
    """

    title: str
    details: Sequence[str] = ()
    notes: Sequence[str] = ()
    period: Period = "day"
    scale: Scale = "linear"
    theme: Theme | None = "auto"
    width: int = 800
    id: str = "chart"

    @property
    def is_small(self) -> bool:
        """Whether there is room for the most important texts alone."""
        return self.width < SMALL_BELOW_PX

    @property
    def plot_height(self) -> int:
        """The height of the axis."""
        return round(min(max(self.width * 0.38, 190), 360))


class _Box(NamedTuple):
    """The part of the picture that the axes enclose, for some days."""

    left: float
    top: float
    right: float
    bottom: float
    days: int
    axis: Axis

    def x(self, day: float) -> float:
        return self.left + (self.right - self.left) * day / self.days

    def y(self, value: float) -> float:
        share = min(max(self.axis.share_of(value), 0), 1)
        return self.bottom - (self.bottom - self.top) * share


class _Label(NamedTuple):
    """What is written at the end of a curve, at the height `y`."""

    y: float
    css: str
    name: str
    value: str


def draw(data: ChartData, look: Look) -> str:
    """The chart as SVG; words instead if there is nothing to draw."""
    curves = [curve for curve in curves_of(data, look.period, look.scale) if curve.last]
    if not curves:
        return words("No data", ["There are no downloads in this range."], look)
    axis = axis_of(curves, look.scale, look.plot_height // _TICK_PX)
    labels_px = _labels_px(data, curves, look)
    box = _Box(
        left=_MARGIN_PX + max(width_px(tick.label, _FONT_PX) for tick in axis.ticks) + 6,
        top=_TOP_PX,
        right=look.width - _MARGIN_PX - labels_px,
        bottom=_TOP_PX + look.plot_height,
        days=data.length,
        axis=axis,
    )
    if look.scale == "share":
        marks, labels = _stack(data, curves, box, look)
    elif _has_bars(curves, box, look):
        marks, labels = _bars(curves, box, look)
    else:
        marks, labels = _lines(curves, box, look)
    parts = [
        *(_lost_days(data, box) if look.period == "day" else []),
        *_horizontal(box, look),
        *marks,
        *_vertical(data, box),
        *_labels(data, labels, box, look),
    ]
    thin = ["thin: single days"] if any(curve.thin for curve in curves) else []
    look = replace(look, details=[*_shown(data, look), *look.details, *thin])
    return _document(look, _notes(data, curves, look), _description(data), parts)


def _shown(data: ChartData, look: Look) -> Iterator[str]:
    """What the lines or areas are."""
    if look.scale == "log":
        yield "logarithmic"
    has_means = any(mean is not None for one in data.series for mean in one.means)
    if look.period == "day" and has_means:
        yield "7-day mean"


def words(title: str, lines: Iterable[str], look: Look) -> str:
    """A picture of the same size that says in words why there is no chart."""
    middle, height = look.width / 2, look.plot_height
    room_px = look.width - 4 * _MARGIN_PX
    sentences = [line for text in lines for line in wrapped(text, room_px, _FONT_PX, most_lines=6)]
    y = _TOP_PX + height / 2 - _LINE_PX * (len(sentences) + 1) / 2
    heading = shortened(title, room_px / _BOLD, _TITLE_PX)
    parts = [_text(middle, y, heading, "title muted", "middle")]
    parts += [
        _text(middle, y + 8 + _LINE_PX * number, line, "muted", "middle")
        for number, line in enumerate(sentences, 1)
    ]
    return _document(look, [], " ".join([title + ".", *lines]), parts)


def _document(
    look: Look, notes: Sequence[tuple[str, str]], description: str, parts: Sequence[str]
) -> str:
    """The whole picture: background, title, parts and notes."""
    room_px = look.width - 2 * _MARGIN_PX
    below = _TOP_PX + look.plot_height + 2 * _LINE_PX + 10
    lines = [
        (line, css)
        for text, css in notes
        for line in wrapped(text, room_px, _FONT_PX, most_lines=3)
    ]
    height = below + _LINE_PX * len(lines) - (0 if lines else 8)
    title = shortened(look.title, room_px / _BOLD, _TITLE_PX)
    size = f'width="{look.width}" height="{height}" viewBox="0 0 {look.width} {height}"'
    names = f'role="img" aria-labelledby="{look.id}-title {look.id}-desc"'
    body = "\n".join(
        [
            f'<rect class="bg" width="{look.width}" height="{height}"/>',
            _text(_MARGIN_PX, 27, title, "title"),
            _text(_MARGIN_PX, 46, _details(look.details, room_px), "muted"),
            *parts,
            *(
                _text(_MARGIN_PX, below - 2 + _LINE_PX * number, line, css)
                for number, (line, css) in enumerate(lines)
            ),
        ]
    )
    used = {name for names in _CLASSES.findall(body) for name in names.split()}
    style = f"<style>{stylesheet(look.theme, used)}</style>\n" if look.theme else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chart" {size} {names}>\n'
        f'<title id="{look.id}-title">{escaped(look.title)}</title>\n'
        f'<desc id="{look.id}-desc">{escaped(description)}</desc>\n{style}{body}\n</svg>'
    )


def _details(details: Sequence[str], room_px: float) -> str:
    """As many of the details as there is room for."""
    line = ""
    for detail in details:
        longer = f"{line} · {detail}" if line else detail
        if width_px(longer, _FONT_PX) > room_px:
            break
        line = longer
    return line


def _notes(data: ChartData, curves: Sequence[Curve], look: Look) -> list[tuple[str, str]]:
    """The sentences below the chart, each with its CSS class."""
    sentences = [f"{data.source}, up to {day_label(data.last)}."]
    if data.source == "simulated":
        sentences = [f"Up to {day_label(data.last)}."]
    if data.lost_days and look.period == "day":
        sentences.append("Grey: days without data.")
    is_sum = look.period != "day" and look.scale != "share"
    if is_sum and any(not span.whole for curve in curves for span in curve.thick):
        sentences.append(f"Pale or left out: incomplete {look.period}s.")
    drawn = {curve.name for curve in curves}
    missing = [one.name for one in data.series if one.name not in drawn]
    if missing:
        sentences.append(f"Nothing to draw for {', '.join(missing)}.")
    notes = []
    if data.source == "simulated":
        notes.append(("Invented figures of a fake pypistats.org.", "warning"))
    if data.stale:
        notes.append(("Not the newest figures: these could not be renewed.", "warning"))
    notes.append((" ".join([*sentences, *look.notes]), "muted"))
    return notes


def _description(data: ChartData) -> str:
    """The figures in words, for those who can't see the picture."""
    sentences = [f"From {data.first} to {data.last}."]
    for one in data.series:
        counts = one.counts
        last = counts[-1]
        on_last = "no data" if last is None else f"{last:,}"
        sentences.append(f"{one.name}: {one.total:,} downloads, {on_last} on {data.last}.")
    if data.lost_days:
        sentences.append(f"{len(data.lost_days)} days without data.")
    return " ".join(sentences)


def _has_bars(curves: Sequence[Curve], box: _Box, look: Look) -> bool:
    """Whether the curves are bars: sums, on an axis from zero, if they are not too narrow."""
    narrowest_px = (box.right - box.left) / max(len(curve.thick) for curve in curves)
    return (
        look.period != "day"
        and look.scale == "linear"
        and 0.8 * narrowest_px / len(curves) >= _LEAST_BAR_PX
    )


def _lines(curves: Sequence[Curve], box: _Box, look: Look) -> tuple[list[str], list[_Label]]:
    """A line for each curve, with a thin one for single days below it."""
    thin: list[str] = []
    thick: list[str] = []
    labels: list[_Label] = []
    # More points than pixels can't be seen.
    every = math.ceil(box.days / (box.right - box.left))
    for curve in curves:
        css = f"s{curve.number}"
        if every == 1:
            thin += _path(curve.thin, box, f"thin {css}")
        if look.period == "day":
            thick += _path(curve.thick[::every], box, f"line d{curve.number} {css}")
        else:
            whole = [span if span.whole else span._replace(value=None) for span in curve.thick]
            thick += _path(whole, box, f"line d{curve.number} {css}")
            thick += _dots(whole, box, f"dot {css}")
        if last := curve.last:
            value = last.value or 0
            text = value_label(value, look.scale)
            labels.append(_Label(box.y(value), f"f{curve.number}", curve.name, text))
    return thin + thick, labels


def _path(spans: Sequence[Span], box: _Box, css: str) -> Iterator[str]:
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


def _dots(spans: Iterable[Span], box: _Box, css: str) -> Iterator[str]:
    places = [f"M{_point(span, box)}h0" for span in spans if span.value is not None]
    if places:
        yield f'<path class="{css}" d="{"".join(places)}"/>'


def _point(span: Span, box: _Box) -> str:
    return f"{_n(box.x(span.middle))} {_n(box.y(span.value or 0))}"


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


def _bars(curves: Sequence[Curve], box: _Box, look: Look) -> tuple[list[str], list[_Label]]:
    """A bar for each week or month; those of several curves stand side by side."""
    marks, labels = [], []
    for place, curve in enumerate(curves):
        for span in curve.thick:
            if span.value is None:
                continue
            room = (box.x(span.end) - box.x(span.begin)) * 0.8
            left = box.x(span.begin) + room * 0.125 + room / len(curves) * place
            top = box.bottom - max(box.bottom - box.y(span.value), 1)
            css = f"f{curve.number}" if span.whole else f"f{curve.number} s{curve.number} part"
            marks.append(_rect(left, top, left + room / len(curves) - 1, box.bottom, css))
        if last := curve.last:
            value = last.value or 0
            text = value_label(value, look.scale)
            labels.append(_Label(box.y(value), f"f{curve.number}", curve.name, text))
    return marks, labels


def _stack(
    data: ChartData, curves: Sequence[Curve], box: _Box, look: Look
) -> tuple[list[str], list[_Label]]:
    """Areas or bars on top of each other. The last curve is on top, and drawn first."""
    marks: list[str] = []
    labels: list[_Label] = []
    below = [0.0] * len(curves[0].thick)
    fills = _fills(data, curves)
    for curve, fill in zip(curves, fills, strict=True):
        above = [
            None if span.value is None else low + span.value
            for span, low in zip(curve.thick, below, strict=True)
        ]
        tops = [span._replace(value=high) for span, high in zip(curve.thick, above, strict=True)]
        marks.insert(0, _area(tops, box, f"area {fill}", stepped=look.period != "day"))
        last = max((place for place, high in enumerate(above) if high is not None), default=0)
        high, low = above[last] or 0, below[last]
        text = value_label(high - low, look.scale)
        labels.append(_Label(box.y((low + high) / 2), fill, curve.name, text))
        below = [low if high is None else high for low, high in zip(below, above, strict=True)]
    return marks, labels


def _area(tops: Sequence[Span], box: _Box, css: str, *, stepped: bool) -> str:
    """The area from the axis to the tops. Each run of days reaches to the ends of its days."""
    pieces = []
    for run in _runs(tops):
        for bar in [[span] for span in run] if stepped else [run]:
            left, right = _n(box.x(bar[0].begin)), _n(box.x(bar[-1].end))
            heights = [_n(box.y(span.value or 0)) for span in bar]
            middle = "" if stepped else "".join(f"L{_point(span, box)}" for span in bar)
            bottom = _n(box.bottom)
            pieces.append(f"M{left} {bottom}V{heights[0]}{middle}L{right} {heights[-1]}V{bottom}Z")
    return f'<path class="{css}" d="{"".join(pieces)}"/>'


def _fills(data: ChartData, curves: Sequence[Curve]) -> list[str]:
    """The CSS class of each area: a ramp for versions, else the colours of lines."""
    special = {OTHER: "ro", UNKNOWN: "ru"}
    named = [curve.name for curve in curves if curve.name not in special]
    if not data.are_versions:
        return [special.get(curve.name, f"a{curve.number}") for curve in curves]
    step = (_RAMP - 1) / max(1, len(named) - 1)
    ramp = {name: f"r{round(place * step)}" for place, name in enumerate(named)}
    return [special.get(curve.name) or ramp[curve.name] for curve in curves]


def _lost_days(data: ChartData, box: _Box) -> Iterator[str]:
    """Grey bands; neighbouring days are one band."""
    days = data.lost_days
    for day in days:
        if day - 1 in days:
            continue
        end = day + 1
        while end in days:
            end += 1
        yield _rect(box.x(day), box.top, box.x(end), box.bottom, "lost")


def _horizontal(box: _Box, look: Look) -> Iterator[str]:
    """The lines and labels of the vertical axis."""
    for place, label in box.axis.ticks:
        y = _n(box.y(place))
        css = "axis" if look.scale == "index" and place == INDEX_BASE else "grid"
        yield f'<path class="{css}" d="M{_n(box.left)} {y}H{_n(box.right)}"/>'
        yield _text(box.left - 6, box.y(place) + 4, label, "muted", "end")


def _vertical(data: ChartData, box: _Box) -> Iterator[str]:
    """The line, ticks and labels of the horizontal axis."""
    yield f'<path class="axis" d="M{_n(box.left)} {_n(box.bottom)}H{_n(box.right)}"/>'
    widest_px = width_px("30 Nov 2026", _FONT_PX)
    ticks = day_ticks(data.first, data.length, int((box.right - box.left) // widest_px))
    before = 0.0
    for place, label in ticks:
        x, half = box.x(place), width_px(label, _FONT_PX) / 2
        yield f'<path class="axis" d="M{_n(x)} {_n(box.bottom)}v4"/>'
        middle = min(max(x, _MARGIN_PX + half), box.right + _MARGIN_PX - half)
        if middle - half > before:
            yield _text(middle, box.bottom + 18, label, "muted", "middle")
            before = middle + half + 4


def _labels_px(data: ChartData, curves: Sequence[Curve], look: Look) -> float:
    """The width that the labels need to the right of the chart."""
    values = [value_label(curve.last.value or 0, look.scale) for curve in curves if curve.last]
    if len(data.series) == 1:
        return max(width_px(value, _FONT_PX) for value in values) * _BOLD + 8
    names = max(width_px(_short_name(curve.name, look), _FONT_PX) * _BOLD for curve in curves)
    numbers = 0 if look.is_small else max(width_px(f" {value}", _FONT_PX) for value in values)
    return 12 + _swatch_px(look) + names + numbers


def _swatch_px(look: Look) -> int:
    """The room for a square in the colour of an area."""
    return _SWATCH_PX + 5 if look.scale == "share" else 0


def _short_name(name: str, look: Look) -> str:
    return shortened(name, look.width * 0.2, _FONT_PX)


def _labels(data: ChartData, labels: Sequence[_Label], box: _Box, look: Look) -> Iterator[str]:
    """Names and values beside the ends of the curves, moved apart where they would overlap."""
    places = spread([label.y for label in labels], _LINE_PX - 1, box.top, box.bottom)
    for label, y in zip(labels, places, strict=True):
        x = box.right + 8
        if abs(y - label.y) > _LINE_PX / 4:
            ends = f"M{_n(box.right + 1)} {_n(label.y)}L{_n(x - 1)} {_n(y)}"
            yield f'<path class="leader" d="{ends}"/>'
        if look.scale == "share":
            yield _rect(x + 2, y - 5, x + 2 + _SWATCH_PX, y + 5, label.css)
            x += _swatch_px(look)
        if len(data.series) == 1:
            yield _text(x, y + 4, label.value, f"name {label.css}")
            continue
        name = escaped(_short_name(label.name, look))
        css = "name" if look.scale == "share" else f"name {label.css}"
        value = "" if look.is_small else f' <tspan class="muted">{escaped(label.value)}</tspan>'
        yield (
            f'<text x="{_n(x + 2)}" y="{_n(y + 4)}"><tspan class="{css}">{name}</tspan>{value}</text>'
        )


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Places near the wanted ones, in the same order, at least `gap` apart, from `low` to `high`.

    Closer to each other if there is no room for all.
    """
    gap = min(gap, (high - low) / max(1, len(wanted) - 1))
    order = sorted(range(len(wanted)), key=wanted.__getitem__)
    # Groups of neighbours that touch: the sum of the wanted first places, and how many there are.
    groups: list[tuple[float, int]] = []
    for number in order:
        group = (wanted[number], 1)
        while groups and _begin(groups[-1]) + groups[-1][1] * gap > _begin(group):
            total, size = groups.pop()
            group = (total + group[0] - group[1] * size * gap, size + group[1])
        groups.append(group)
    places, free = [], low
    for place, (_, size) in enumerate(groups):
        after = sum(more for _, more in groups[place:])
        begin = min(max(_begin(groups[place]), free), high - (after - 1) * gap)
        places += [begin + number * gap for number in range(size)]
        free = begin + size * gap
    return [place for _, place in sorted(zip(order, places, strict=True))]


def _begin(group: tuple[float, int]) -> float:
    total, size = group
    return total / size


def _text(x: float, y: float, text: str, css: str, anchor: str = "") -> str:
    """A line of text; nothing if there is none."""
    if not text:
        return ""
    where = f' text-anchor="{anchor}"' if anchor else ""
    return f'<text class="{css}" x="{_n(x)}" y="{_n(y)}"{where}>{escaped(text)}</text>'


def _rect(left: float, top: float, right: float, bottom: float, css: str) -> str:
    size = f'width="{_n(right - left)}" height="{_n(bottom - top)}"'
    return f'<rect class="{css}" x="{_n(left)}" y="{_n(top)}" {size}/>'


def _n(number: float) -> str:
    """A coordinate with one decimal at most."""
    return f"{number:.1f}".removesuffix(".0")
