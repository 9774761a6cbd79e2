"""The colours, dashes and fonts of charts, as CSS classes.

A page that has charts in it needs `stylesheet` once; a standalone chart brings it along.
"""

from collections.abc import Container, Mapping
from typing import Final, NamedTuple

from pulse.image_parameters import Theme

FONTS: Final = 'system-ui,-apple-system,"Segoe UI",Helvetica,Arial,sans-serif'

TEXT: Final = "text"

DASHES: Final = {
    "3": "9 3",
    "4": "2 3",
    "5": "9 3 2 3",
    "6": "5 3",
    "7": "14 3",
    "8": "1 3",
    "9": "14 3 2 3 2 3",
    "o": "5 3 1 3",
    "u": "20 3",
}
"""The dashes of lines, by the colour of the series.

The first three have none: everybody can tell their colours apart. A test simulates colour blindness.
"""

_AREA_STRENGTH: Final = 0.7


class Palette(NamedTuple):
    """The colours of a theme. All lines and texts have a contrast of 4.6:1 or more to the background."""

    background: str
    text: str
    muted: str
    grid: str
    axis: str
    lost: str
    warning: str
    lines: tuple[str, ...]
    ramp: tuple[str, ...]
    """For versions, from the oldest to the newest."""
    rest: tuple[str, str]
    """The areas of `other` and `unknown`; their lines are `muted`."""


LIGHT: Final = Palette(
    background="#ffffff",
    text="#1f2328",
    muted="#59636e",
    grid="#dfe3e8",
    axis="#8c959f",
    lost="#eceff2",
    warning="#9a6700",
    lines=(
        *("#0969da", "#bc4c00", "#6e1f5f", "#1a7f37", "#8250df"),
        *("#7a5c00", "#0b7285", "#cf222e", "#424a9e", "#bf3989"),
    ),
    ramp=(
        *("#d4e5f7", "#b9d6f2", "#9cc6ec", "#7db4e3", "#5fa1d8"),
        *("#438dca", "#2d78b8", "#1d63a1", "#124e86", "#0a3a68"),
    ),
    rest=("#b6bdc5", "#d5d9de"),
)
DARK: Final = Palette(
    background="#0d1117",
    text="#e6edf3",
    muted="#9198a1",
    grid="#262c36",
    axis="#6e7681",
    lost="#1c222b",
    warning="#d29922",
    lines=(
        *("#58a6ff", "#ff8f50", "#f8bfdc", "#4ac26b", "#bc8cff"),
        *("#d4a72c", "#39c5cf", "#ff7b72", "#a5b4fc", "#ff80bf"),
    ),
    ramp=(
        *("#16304d", "#1b3f66", "#204f80", "#26609a", "#2f72b4"),
        *("#4187ca", "#5a9dda", "#79b3e8", "#9dc9f3", "#c6e0fb"),
    ),
    rest=("#545d68", "#373e47"),
)


def stylesheet(theme: Theme, used: Container[str] | None = None) -> str:
    """The rules for charts; they apply to `.chart` alone.

    `used` leaves out the rules of all other classes; None means all rules, for charts within a page.
    """
    light, dark = _rules(_colors(LIGHT), used), _rules(_colors(DARK), used)
    shapes = _rules(_SHAPES, used)
    match theme:
        case "light":
            return shapes + light
        case "dark":
            return shapes + dark
        case "auto":
            return f"{shapes}{light}@media(prefers-color-scheme:dark){{{dark}}}"


_SHAPES: Final = {
    TEXT: f"font:12px {FONTS}",
    "title": "font-size:16px;font-weight:600",
    "name": "font-weight:600",
    "line": "fill:none;stroke-linejoin:round;stroke-width:2.5",
    "thin": "fill:none;stroke-linejoin:round;stroke-width:1;opacity:.45",
    "dot": "fill:none;stroke-width:4;stroke-linecap:round",
    "part": "fill-opacity:.3;stroke-width:1;stroke-dasharray:3 2",
    **{f"d{color}": f"stroke-dasharray:{dashes}" for color, dashes in DASHES.items()},
}
"""What is the same in all themes, by class. `text` is for all texts."""


def _colors(palette: Palette) -> dict[str, str]:
    """What differs between themes, by class."""
    rest = {"o": palette.muted, "u": palette.muted}
    lines = {**{str(number): color for number, color in enumerate(palette.lines)}, **rest}
    areas = {name: _mixed(color, palette.background) for name, color in lines.items()}
    areas["o"], areas["u"] = palette.rest
    return {
        TEXT: f"fill:{palette.text}",
        "bg": f"fill:{palette.background}",
        "muted": f"fill:{palette.muted}",
        "warning": f"fill:{palette.warning}",
        "grid": f"stroke:{palette.grid}",
        "axis": f"stroke:{palette.axis}",
        "leader": f"stroke:{palette.axis}",
        "lost": f"fill:{palette.lost}",
        "area": f"stroke:{palette.background}",
        **{f"s{name}": f"stroke:{color}" for name, color in lines.items()},
        **{f"f{name}": f"fill:{color}" for name, color in lines.items()},
        **{f"a{name}": f"fill:{color}" for name, color in areas.items()},
        **{f"r{number}": f"fill:{color}" for number, color in enumerate(palette.ramp)},
    }


def _rules(declarations: Mapping[str, str], used: Container[str] | None) -> str:
    return "".join(
        f".chart {'' if name == TEXT else '.'}{name}{{{declaration}}}"
        for name, declaration in declarations.items()
        if used is None or name == TEXT or name in used
    )


def _mixed(color: str, background: str) -> str:
    """A colour that is softer: areas are large."""
    parts = (
        _AREA_STRENGTH * int(color[place : place + 2], 16)
        + (1 - _AREA_STRENGTH) * int(background[place : place + 2], 16)
        for place in (1, 3, 5)
    )
    return f"#{bytes(map(round, parts)).hex()}"
