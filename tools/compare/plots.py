"""Plots of a run, as SVG for light and for dark pages."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter, NullLocator

from .cases import Case
from .report import name
from .results import Results

NAMES: Final = {
    "fan-out": "Duration on Lambda against the number of packages of a request, by variant and by upstream's "
    "latency. Bands are quartiles, dashes the slowest single upstream call.",
    "load": "Throughput and 95th percentile on a server against the number of clients, by variant. Bands are "
    "quartiles, dashes what upstream alone allows.",
}
"""The plots, and what each shows to those who can't see it."""

_PANEL_IN: Final = (3.5, 3.6)
_LEGEND_IN: Final = 0.4
# Letters as paths: a reader may lack the font. The salt gives the same drawing the same ids.
_SVG: Final[dict[Any, str]] = {"svg.fonttype": "path", "svg.hashsalt": "pypi-pulse"}
# Those of Okabe and Ito, which colour-blind people can tell apart.
_COLOURS: Final = {
    "light": ("#0072b2", "#d55e00", "#00805c", "#a0568a", "#6f6f00", "#7a4a2b"),
    "dark": ("#56b4e9", "#ff8b3d", "#2fc79a", "#e0a3cb", "#d9d200", "#c9a27e"),
}
_INKS: Final = {
    "light": {"page": "#ffffff", "ink": "#1f2328", "grid": "#d8dee4", "limit": "#6e7781"},
    "dark": {"page": "#0d1117", "ink": "#e6edf3", "grid": "#30363d", "limit": "#9198a1"},
}
_MARKERS: Final = "os^DvP"


@dataclass(frozen=True, slots=True)
class Panel:
    """One diagram: a case's values over a dimension, for one value of another dimension or for all."""

    title: str
    y: str
    case: Case
    over: str
    latency_ms: int


def panels(results: Results, plot: str) -> list[Panel]:
    """The diagrams of a plot; none if nothing was measured for it."""
    plan = results.run["plan"]
    latencies = sorted(plan["latencies_ms"])
    if plot == "fan-out":
        case = Case("Lambda", "lambda", "fan-out", "duration_ms")
        chosen = [
            Panel(f"Lambda, upstream {one} ms", "ms", case, "packages", one) for one in latencies
        ]
    else:
        rate = Case("Server", "server", "load", "requests_per_s", "requests/s")
        slow = Case("Server", "server", "load", "p95_ms")
        samples = results.samples
        used = samples[(samples["target"] == "server") & (samples["measure"] == "load")]
        at = int(used["latency_ms"].iloc[0]) if len(used) else 0
        chosen = [
            Panel("Server, throughput", "requests/s", rate, "clients", at),
            Panel("Server, 95th percentile", "ms", slow, "clients", at),
        ]
    return [panel for panel in chosen if not _lines(results, panel).empty]


def _lines(results: Results, panel: Panel) -> pd.DataFrame:
    """Median and quartiles by variant (or `limit`) and place on the x axis."""
    rows = []
    for cell in results.cells(panel.case):
        sizes = dict(zip(("packages", "latency_ms", "clients", "memory_mb"), cell, strict=True))
        if sizes["latency_ms"] != panel.latency_ms:
            continue
        for variant, values in results.by_variant(panel.case, cell).items():
            q1, median, q3 = values.quantile([0.25, 0.5, 0.75])
            rows.append((variant, sizes[panel.over], median, q1, q3))
        if (limit := results.limit(panel.case, cell)) is not None:
            rows.append(("limit", sizes[panel.over], limit, limit, limit))
    return pd.DataFrame(rows, columns=["line", "x", "median", "q1", "q3"])


def digest(results: Results, plot: str) -> str:
    """Tells whether a file was drawn from these numbers."""
    drawn = "".join(_lines(results, panel).to_csv() for panel in panels(results, plot))
    return hashlib.sha256(drawn.encode()).hexdigest()


def write(results: Results, folder: Path) -> None:
    """Write every plot of which something was measured, for light and for dark pages."""
    for plot in NAMES:
        chosen = panels(results, plot)
        for theme in _INKS if chosen else ():
            with mpl.rc_context(_SVG):
                _figure(results, chosen, theme).savefig(
                    folder / f"{plot}-{theme}.svg",
                    format="svg",
                    # Without a date, the same numbers give the same file.
                    metadata={
                        "Date": None,
                        "Title": NAMES[plot],
                        "Identifier": digest(results, plot),
                    },
                )


def _figure(results: Results, chosen: list[Panel], theme: str) -> Figure:
    width, height = _PANEL_IN
    inks = _INKS[theme]
    figure = Figure(
        (width * len(chosen), height + _LEGEND_IN), facecolor=inks["page"], layout="constrained"
    )
    shared = len({panel.y for panel in chosen}) == 1
    axes = figure.subplots(1, len(chosen), sharey=shared, squeeze=False)[0]
    for panel, axis in zip(chosen, axes, strict=True):
        _draw(axis, results, panel, theme)
        axis.set_ylabel("" if shared and axis is not axes[0] else panel.y)
    legend = figure.legend(
        *axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=6, frameon=False
    )
    for text in legend.get_texts():
        text.set_color(inks["ink"])
    return figure


def _draw(axis: Axes, results: Results, panel: Panel, theme: str) -> None:
    inks, lines = _INKS[theme], _lines(results, panel)
    for place, variant in enumerate(results.variants):
        line = lines[lines["line"] == variant]
        colour = _COLOURS[theme][place % len(_MARKERS)]
        axis.fill_between(line["x"], line["q1"], line["q3"], color=colour, alpha=0.25, linewidth=0)
        marker = _MARKERS[place % len(_MARKERS)]
        axis.plot(line["x"], line["median"], color=colour, marker=marker, label=name(variant))
    limit = lines[lines["line"] == "limit"]
    axis.plot(
        limit["x"], limit["median"], color=inks["limit"], linestyle="--", label="physical limit"
    )
    axis.set(xscale="log", yscale="log", title=panel.title, xlabel=panel.over)
    places = sorted(lines["x"].unique())
    axis.set_xticks(places, [str(one) for one in places])
    axis.xaxis.set_minor_locator(NullLocator())
    axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.yaxis.set_minor_formatter(NullFormatter())
    axis.set_facecolor(inks["page"])
    axis.grid(color=inks["grid"], linewidth=0.8)
    axis.tick_params(colors=inks["ink"], which="both", length=0)
    for text in (axis.title, axis.xaxis.label, axis.yaxis.label):
        text.set_color(inks["ink"])
    axis.spines[:].set_visible(False)
