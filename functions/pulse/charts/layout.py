"""What the parts of a chart's picture share: sizes, coordinates, and SVG elements."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from pulse.charts.scales import Axis
from pulse.image_parameters import Scale, Theme
from pulse.models import Period
from pulse.svg_text import escaped, wrapped

SMALL_BELOW_PX: Final = 560
"""Narrower charts have less text."""

FONT_PX: Final = 12
TITLE_PX: Final = 16
BOLD: Final = 1.1
"""How much wider than others bold letters are."""

MARGIN_PX: Final = 16
LINE_PX: Final = 16
TITLE_LINE_PX: Final = 20

_TITLE_LINES: Final = 2
_TOP_PX: Final = 62


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
    def title_lines(self) -> list[str]:
        """The title as it is drawn."""
        room_px = (self.width - 2 * MARGIN_PX) / BOLD
        return wrapped(self.title, room_px, TITLE_PX, _TITLE_LINES)

    @property
    def top(self) -> int:
        """Where the axis ends, below title and details."""
        return _TOP_PX + TITLE_LINE_PX * (len(self.title_lines) - 1)

    @property
    def plot_height(self) -> int:
        """The height of the axis."""
        return round(min(max(self.width * 0.38, 190), 360))


class Box(NamedTuple):
    """The part of the picture that the axes enclose, for some days."""

    left: float
    top: float
    right: float
    bottom: float
    days: int
    axis: Axis

    def x(self, day: float) -> float:
        """Where a day begins."""
        return self.left + (self.right - self.left) * day / self.days

    def y(self, value: float) -> float:
        """The height of a value; one outside of the axis is at its end."""
        share = min(max(self.axis.share_of(value), 0), 1)
        return self.bottom - (self.bottom - self.top) * share


class Label(NamedTuple):
    """What is written at the end of a curve, at the height `y`."""

    y: float
    css: str
    name: str
    value: str


def text(x: float, y: float, content: str, css: str, anchor: str = "") -> str:
    """A line of text; nothing if there is none."""
    if not content:
        return ""
    where = f' text-anchor="{anchor}"' if anchor else ""
    return f'<text class="{css}" x="{coordinate(x)}" y="{coordinate(y)}"{where}>{escaped(content)}</text>'


def rect(left: float, top: float, right: float, bottom: float, css: str) -> str:
    """A rectangle."""
    size = f'width="{coordinate(right - left)}" height="{coordinate(bottom - top)}"'
    return f'<rect class="{css}" x="{coordinate(left)}" y="{coordinate(top)}" {size}/>'


def coordinate(number: float) -> str:
    """A coordinate with one decimal at most."""
    return f"{number:.1f}".removesuffix(".0")
