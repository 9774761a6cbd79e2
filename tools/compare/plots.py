"""Plots of a run, as SVG for light and for dark pages."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullLocator

from .curves import LIMIT_LABEL, Curve, Panel, fan_out_panels, load_panels
from .measured import Measured

FAN_OUT: Final = "fan-out"
LOAD: Final = "load"
NAMES: Final = (FAN_OUT, LOAD)

PANEL_WIDTH_IN: Final = 3.5
LABELS_WIDTH_IN: Final = 1.1
HEIGHT_IN: Final = 3.6
FONT_PT: Final = 10
LABEL_GAP_PT: Final = 13.0

# Letters as paths: a page's reader may not have the font, and then letters would run into each other.
# The salt makes ids of the same drawing the same.
SVG: Final[dict[Any, str]] = {"svg.fonttype": "path", "svg.hashsalt": "pypi-pulse"}


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours for one kind of page: those of Okabe and Ito, which the colour-blind tell apart."""

    name: str
    page: str
    ink: str
    grid: str
    variants: dict[str, str]


OTHERS: Final = "others"
THEMES: Final = (
    Theme(
        *("light", "#ffffff", "#1f2328", "#d8dee4"),
        {
            "fastapi": "#0072b2",
            "flask": "#d55e00",
            "flask-threads": "#00805c",
            LIMIT_LABEL: "#6e7781",
            OTHERS: "#a0568a",
        },
    ),
    Theme(
        *("dark", "#0d1117", "#e6edf3", "#30363d"),
        {
            "fastapi": "#56b4e9",
            "flask": "#ff8b3d",
            "flask-threads": "#2fc79a",
            LIMIT_LABEL: "#9198a1",
            OTHERS: "#e0a3cb",
        },
    ),
)
MARKERS: Final = {"fastapi": "o", "flask": "s", "flask-threads": "^"}


@dataclass(frozen=True, slots=True)
class Plot:
    """A figure of one or more panels.

    Attributes:
        name: Its file's name, without theme and ending.
        words: What it shows, for those who can't see it.
    """

    name: str
    words: str
    panels: tuple[Panel, ...]

    def file(self, theme: str) -> str:
        """The name of its file for light or for dark pages."""
        return f"{self.name}-{theme}.svg"

    @property
    def digest(self) -> str:
        """What tells whether a file was drawn from these very numbers."""
        return hashlib.sha256(repr(self.panels).encode()).hexdigest()


def plots(measured: Measured) -> list[Plot]:
    """The plots that something was measured for."""
    made = (
        Plot(
            FAN_OUT,
            "Duration on Lambda against the number of packages of a request, by variant and by how "
            "long upstream takes; bands are the quartiles, dashes the slowest single upstream call.",
            tuple(fan_out_panels(measured)),
        ),
        Plot(
            LOAD,
            "Throughput and the 95th percentile of latency on a server against the number of clients, "
            "by variant; bands are the quartiles, dashes what upstream alone allows.",
            tuple(load_panels(measured)),
        ),
    )
    return [plot for plot in made if plot.panels]


def write(plot: Plot, folder: Path) -> None:
    """Write a plot's two files into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for theme in THEMES:
        with mpl.rc_context(SVG):
            draw(plot, theme).savefig(
                folder / plot.file(theme.name),
                format="svg",
                # Without a date the same numbers give the same file.
                metadata={"Date": None, "Title": plot.words, "Identifier": plot.digest},
            )


def draw(plot: Plot, theme: Theme) -> Figure:
    """A plot as matplotlib has it."""
    panels = len(plot.panels)
    figure = Figure(
        (PANEL_WIDTH_IN * panels + LABELS_WIDTH_IN, HEIGHT_IN),
        facecolor=theme.page,
        layout="constrained",
    )
    shared = len({panel.y_title for panel in plot.panels}) == 1
    axes = figure.subplots(1, panels, sharey=shared, squeeze=False)[0]
    for panel, axis in zip(plot.panels, axes, strict=True):
        _draw_panel(axis, panel, theme)
        if not shared or axis is axes[0]:
            axis.set_ylabel(panel.y_title)
    figure.draw_without_rendering()  # label places depend on the axes' final scale
    _label(axes[-1], plot.panels[-1].curves, theme)
    return figure


def _draw_panel(axis: Axes, panel: Panel, theme: Theme) -> None:
    for curve in panel.curves:
        _draw_curve(axis, curve, theme)
    places = sorted({point.x for curve in panel.curves for point in curve.points})
    axis.set_xscale("log")
    axis.set_yscale("log")
    axis.set_xticks(places, [str(place) for place in places])
    axis.xaxis.set_minor_locator(NullLocator())
    axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.yaxis.set_minor_formatter(FuncFormatter(_only_2_and_5))
    axis.set_title(panel.title, fontsize=FONT_PT, color=theme.ink)
    axis.set_xlabel(panel.x_title)
    axis.set_facecolor(theme.page)
    axis.grid(color=theme.grid, linewidth=0.8)
    axis.tick_params(colors=theme.ink, which="both", length=0, labelsize=FONT_PT - 1)
    axis.xaxis.label.set_color(theme.ink)
    axis.yaxis.label.set_color(theme.ink)
    axis.spines[:].set_visible(False)


def _only_2_and_5(value: float, _place: int | None) -> str:
    """Labels between the powers of ten, as many as there is room for."""
    return f"{value:g}" if f"{value:e}"[0] in "25" else ""


def _draw_curve(axis: Axes, curve: Curve, theme: Theme) -> None:
    xs = [point.x for point in curve.points]
    colour = _colour(curve, theme)
    medians = [point.y.median for point in curve.points]
    if curve.label == LIMIT_LABEL:
        axis.plot(xs, medians, color=colour, linestyle=(0, (4, 3)), linewidth=1.5, zorder=1)
        return
    quartiles = ([point.y.q1 for point in curve.points], [point.y.q3 for point in curve.points])
    axis.fill_between(xs, *quartiles, color=colour, alpha=0.25, linewidth=0)
    marker = MARKERS.get(curve.label, "D")
    axis.plot(xs, medians, color=colour, marker=marker, markersize=5, linewidth=1.8, zorder=3)


def _colour(curve: Curve, theme: Theme) -> str:
    return theme.variants.get(curve.label, theme.variants[OTHERS])


def _label(axis: Axes, curves: Sequence[Curve], theme: Theme) -> None:
    """Write each curve's name at its right end, moved up where it would stand on another's."""
    points_per_pixel = 72 / axis.figure.dpi
    taken = float("-inf")
    for curve in sorted(curves, key=lambda curve: curve.points[-1].y.median):
        x, y = curve.points[-1].x, curve.points[-1].y.median
        place = axis.transData.transform((x, y))[1] * points_per_pixel
        moved = max(place, taken + LABEL_GAP_PT)
        taken = moved
        axis.annotate(
            curve.label,
            (x, y),
            xytext=(9, moved - place),
            textcoords="offset points",
            color=_colour(curve, theme),
            fontsize=FONT_PT,
            va="center",
            annotation_clip=False,
        )
