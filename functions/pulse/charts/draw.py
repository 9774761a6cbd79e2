"""Draws charts as SVG, without scripts, filters, web fonts or style attributes."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from pulse.charts.curves import INDEX_BASE, Curve, axis_of, curves_of
from pulse.charts.data import ChartData
from pulse.charts.labels import labels_of, labels_px
from pulse.charts.layout import (
    BOLD,
    FONT_PX,
    LINE_PX,
    MARGIN_PX,
    TITLE_LINE_PX,
    TITLE_PX,
    Box,
    Look,
    coordinate,
    rect,
    text,
)
from pulse.charts.marks import marks_of
from pulse.charts.scales import day_label, day_ticks
from pulse.charts.style import stylesheet
from pulse.svg_text import escaped, shortened, width_px, wrapped

_TICK_PX: Final = 44
"""The least distance between two horizontal lines."""

_CLASSES: Final = re.compile('class="([^"]*)"')


def draw(data: ChartData, look: Look) -> str:
    """The chart as SVG; words instead if there is nothing to draw."""
    curves = [curve for curve in curves_of(data, look.period, look.scale) if curve.last]
    if not curves:
        return words("No data", ["There are no downloads in this range."], look)
    axis = axis_of(curves, look.scale, look.plot_height // _TICK_PX)
    box = Box(
        left=MARGIN_PX + max(width_px(tick.label, FONT_PX) for tick in axis.ticks) + 6,
        top=look.top,
        right=look.width - MARGIN_PX - labels_px(data, curves, look),
        bottom=look.top + look.plot_height,
        days=data.length,
        axis=axis,
    )
    marks, labels = marks_of(data, curves, box, look)
    parts = [
        *(_lost_days(data, box) if look.period == "day" else []),
        *_horizontal(box, look),
        *marks,
        *_vertical(data, box),
        *labels_of(data, labels, box, look),
    ]
    thin = ["thin: single days"] if any(curve.thin for curve in curves) else []
    look = replace(look, details=[*_shown(data, look), *look.details, *thin])
    return _document(look, _notes(data, curves, look), _description(data), parts)


def _shown(data: ChartData, look: Look) -> Iterator[str]:
    """What the lines or areas are."""
    if look.scale == "log":
        yield "logarithmic"
    if look.scale == "index":
        yield f"first {'week' if look.period == 'day' else look.period} = {INDEX_BASE}"
    has_means = any(mean is not None for one in data.series for mean in one.means)
    if look.period == "day" and has_means:
        yield "7-day mean"


def words(title: str, lines: Iterable[str], look: Look) -> str:
    """A picture of the same size that says in words why there is no chart."""
    middle, height = look.width / 2, look.plot_height
    room_px = look.width - 4 * MARGIN_PX
    sentences = [line for text in lines for line in wrapped(text, room_px, FONT_PX, most_lines=6)]
    y = look.top + height / 2 - LINE_PX * (len(sentences) + 1) / 2
    heading = shortened(title, room_px / BOLD, TITLE_PX)
    parts = [text(middle, y, heading, "title muted", "middle")]
    parts += [
        text(middle, y + 8 + LINE_PX * number, line, "muted", "middle")
        for number, line in enumerate(sentences, 1)
    ]
    return _document(look, [], " ".join([title + ".", *lines]), parts)


def _document(
    look: Look, notes: Sequence[tuple[str, str]], description: str, parts: Sequence[str]
) -> str:
    """The whole picture: background, title, parts and notes."""
    room_px = look.width - 2 * MARGIN_PX
    below = look.top + look.plot_height + 2 * LINE_PX + 10
    lines = [
        (line, css) for text, css in notes for line in wrapped(text, room_px, FONT_PX, most_lines=3)
    ]
    height = below + LINE_PX * len(lines) - (0 if lines else 8)
    size = f'width="{look.width}" height="{height}" viewBox="0 0 {look.width} {height}"'
    names = f'role="img" aria-labelledby="{look.id}-title {look.id}-desc"'
    body = "\n".join(
        [
            f'<rect class="bg" width="{look.width}" height="{height}"/>',
            *(
                text(MARGIN_PX, 27 + TITLE_LINE_PX * number, line, "title")
                for number, line in enumerate(look.title_lines)
            ),
            text(MARGIN_PX, look.top - 16, _details(look.details, room_px), "muted"),
            *parts,
            *(
                text(MARGIN_PX, below - 2 + LINE_PX * number, line, css)
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
        if width_px(longer, FONT_PX) > room_px:
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


def _lost_days(data: ChartData, box: Box) -> Iterator[str]:
    """Grey bands; neighbouring days are one band."""
    days = data.lost_days
    for day in days:
        if day - 1 in days:
            continue
        end = day + 1
        while end in days:
            end += 1
        yield rect(box.x(day), box.top, box.x(end), box.bottom, "lost")


def _horizontal(box: Box, look: Look) -> Iterator[str]:
    """The lines and labels of the vertical axis."""
    for place, label in box.axis.ticks:
        y = coordinate(box.y(place))
        css = "axis" if look.scale == "index" and place == INDEX_BASE else "grid"
        yield f'<path class="{css}" d="M{coordinate(box.left)} {y}H{coordinate(box.right)}"/>'
        yield text(box.left - 6, box.y(place) + 4, label, "muted", "end")


def _vertical(data: ChartData, box: Box) -> Iterator[str]:
    """The line, ticks and labels of the horizontal axis."""
    yield f'<path class="axis" d="M{coordinate(box.left)} {coordinate(box.bottom)}H{coordinate(box.right)}"/>'
    widest_px = width_px("Nov 2026", FONT_PX)
    ticks = day_ticks(data.first, data.length, int((box.right - box.left) // widest_px))
    before = 0.0
    for place, label in ticks:
        x, half = box.x(place), width_px(label, FONT_PX) / 2
        yield f'<path class="axis" d="M{coordinate(x)} {coordinate(box.bottom)}v4"/>'
        middle = min(max(x, MARGIN_PX + half), box.right + MARGIN_PX - half)
        if middle - half > before:
            yield text(middle, box.bottom + 18, label, "muted", "middle")
            before = middle + half + 4
