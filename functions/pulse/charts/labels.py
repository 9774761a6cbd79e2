"""Names and values beside the ends of a chart's curves."""

from collections.abc import Iterator, Sequence
from typing import Final

from pulse.charts.curves import Curve, value_label
from pulse.charts.data import ChartData
from pulse.charts.layout import BOLD, FONT_PX, LINE_PX, Box, Label, Look, coordinate, rect, text
from pulse.svg_text import escaped, shortened, width_px

_SWATCH_PX: Final = 10


def labels_px(data: ChartData, curves: Sequence[Curve], look: Look) -> float:
    """The width that the labels need to the right of the chart."""
    values = [value_label(curve.last.value or 0, look.scale) for curve in curves if curve.last]
    if len(data.series) == 1:
        return max(width_px(value, FONT_PX) for value in values) * BOLD + 8
    names = max(width_px(_short_name(curve.name, look), FONT_PX) * BOLD for curve in curves)
    numbers = 0 if look.is_small else max(width_px(f" {value}", FONT_PX) for value in values)
    return 12 + _swatch_px(look) + names + numbers


def labels_of(data: ChartData, labels: Sequence[Label], box: Box, look: Look) -> Iterator[str]:
    """Names and values beside the ends of the curves, moved apart where they would overlap."""
    places = spread([label.y for label in labels], LINE_PX - 1, box.top, box.bottom)
    for label, y in zip(labels, places, strict=True):
        x = box.right + 8
        if abs(y - label.y) > LINE_PX / 4:
            ends = f"M{coordinate(box.right + 1)} {coordinate(label.y)}L{coordinate(x - 1)} {coordinate(y)}"
            yield f'<path class="leader" d="{ends}"/>'
        if look.scale == "share":
            yield rect(x + 2, y - 5, x + 2 + _SWATCH_PX, y + 5, label.css)
            x += _swatch_px(look)
        if len(data.series) == 1:
            yield text(x, y + 4, label.value, f"name {label.css}")
            continue
        name = escaped(_short_name(label.name, look))
        css = "name" if look.scale == "share" else f"name {label.css}"
        value = "" if look.is_small else f' <tspan class="muted">{escaped(label.value)}</tspan>'
        yield (
            f'<text x="{coordinate(x + 2)}" y="{coordinate(y + 4)}"><tspan class="{css}">{name}</tspan>{value}</text>'
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


def _short_name(name: str, look: Look) -> str:
    return shortened(name, look.width * 0.2, FONT_PX)


def _swatch_px(look: Look) -> int:
    """The room for a square in the colour of an area."""
    return _SWATCH_PX + 5 if look.scale == "share" else 0
