"""Badges: a package's downloads in a small picture, as SVG or for shields.io's endpoint."""

from typing import Final, NamedTuple

from pulse.image_parameters import COLORS, BadgeQuery
from pulse.models import BadgeStyle, EndpointBadge, PackageStats, PackageTotal
from pulse.problems import Problem
from pulse.svg_text import abbreviated, clean, escaped, width_px

_FONT_PX: Final = 11
_PADDING_PX: Final = 5
_LABEL_FILL: Final = COLORS["grey"]
_NOTHING_FILL: Final = "#6e6e6e"
"""The colour of a badge without figures; white text has a contrast of 5:1 on it."""

_LIGHT_TEXT, _DARK_TEXT = "#fff", "#1a1a1a"
_LEAST_CONTRAST: Final = 4.5


class Badge(NamedTuple):
    """The two texts of a badge, and its colour as in the query; no colour means no figures."""

    label: str
    message: str
    color: str | None


class _Look(NamedTuple):
    """What styles differ in. The shine is (offset, colour, opacity) from top to bottom."""

    height: int
    radius: int
    shine: tuple[tuple[float, str, float], ...]


_LOOKS: Final[dict[BadgeStyle, _Look]] = {
    "flat": _Look(20, 3, ((0, "#bbb", 0.1), (1, "#000", 0.1))),
    "flat-square": _Look(20, 0, ()),
    "plastic": _Look(
        18, 4, ((0, "#fff", 0.6), (0.1, "#aaa", 0.1), (0.9, "#000", 0.2), (1, "#000", 0.4))
    ),
}


def downloads_badge(figures: PackageStats | PackageTotal, query: BadgeQuery) -> Badge:
    """The badge of a package's figures, or of its total; stale ones are dated."""
    if isinstance(figures, PackageTotal):
        message = f"{abbreviated(figures.total_downloads)} total"
    else:
        sums = {"day": figures.last_day, "week": figures.last_week, "month": figures.last_month}
        message = f"{abbreviated(sums[query.period])}/{query.period}"
    if figures.stale:
        message += f" as of {figures.as_of}"
    return Badge(query.label, message, query.color)


def problem_badge(problem: Problem, label: str) -> Badge:
    """A grey badge that says in words why there are no figures."""
    return Badge(label, problem.in_few_words, None)


def badge_json(badge: Badge, style: BadgeStyle, cache_s: int) -> EndpointBadge:
    """The badge for shields.io, which draws it itself."""
    return EndpointBadge(
        label=clean(badge.label),
        message=badge.message,
        color=badge.color or "lightgrey",
        isError=badge.color is None,
        cacheSeconds=cache_s,
        style=None if style == "flat" else style,
    )


def badge_svg(badge: Badge, style: BadgeStyle) -> str:
    """The badge as a standalone SVG document."""
    look = _LOOKS[style]
    fill = _NOTHING_FILL if badge.color is None else hexadecimal(badge.color)
    label_px, message_px = _part_px(badge.label), _part_px(badge.message)
    width = label_px + message_px
    name = escaped(f"{badge.label}: {badge.message}" if label_px else badge.message)
    shine, shiny = _shine(look, width)
    texts = _text(badge.label, 0, label_px, look, _LABEL_FILL) if label_px else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{look.height}" '
        f'viewBox="0 0 {width} {look.height}" role="img" aria-label="{name}"><title>{name}</title>'
        f'{shine}<clipPath id="r"><rect width="{width}" height="{look.height}" '
        f'rx="{look.radius}"/></clipPath><g clip-path="url(#r)">'
        f'<rect width="{label_px}" height="{look.height}" fill="{_LABEL_FILL}"/>'
        f'<rect x="{label_px}" width="{message_px}" height="{look.height}" fill="{fill}"/>{shiny}</g>'
        '<g text-anchor="middle" font-family="Verdana,Geneva,DejaVu Sans,sans-serif" '
        f'font-size="{_FONT_PX}" text-rendering="geometricPrecision">'
        f"{texts}{_text(badge.message, label_px, message_px, look, fill)}</g></svg>"
    )


def hexadecimal(color: str) -> str:
    """A colour of the query as `#` and six digits."""
    if color in COLORS:
        return COLORS[color]
    digits = color.removeprefix("#").lower()
    return f"#{digits}" if len(digits) == len("rrggbb") else f"#{''.join(d + d for d in digits)}"


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours of three or six digits (WCAG 2): from 1 to 21."""
    dark, light = sorted([_luminance(one), _luminance(other)])
    return (light + 0.05) / (dark + 0.05)


def _luminance(color: str) -> float:
    digits = hexadecimal(color)[1:]
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4  # noqa: PLR2004 - sRGB's
        for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _part_px(text: str) -> int:
    """The width of one half; 0 without text."""
    text_px = max(1, round(width_px(text, _FONT_PX)))
    return text_px + 2 * _PADDING_PX if clean(text) else 0


def _shine(look: _Look, width: int) -> tuple[str, str]:
    """The gradient's definition, and the rectangle that shows it."""
    if not look.shine:
        return "", ""
    stops = "".join(
        f'<stop offset="{offset}" stop-color="{color}" stop-opacity="{opacity}"/>'
        for offset, color, opacity in look.shine
    )
    return (
        f'<linearGradient id="s" x2="0" y2="1">{stops}</linearGradient>',
        f'<rect width="{width}" height="{look.height}" fill="url(#s)"/>',
    )


def _text(text: str, left: int, part_px: int, look: _Look, background: str) -> str:
    """A text in the middle of its half. `textLength` makes it fit, whatever the font."""
    on_light, on_dark = contrast(_DARK_TEXT, background), contrast(_LIGHT_TEXT, background)
    light = on_dark >= min(_LEAST_CONTRAST, on_light)
    color = _LIGHT_TEXT if light else _DARK_TEXT
    baseline = look.height - 6
    middle, length = left + part_px / 2, part_px - 2 * _PADDING_PX
    fitted = f'x="{middle:g}" textLength="{length}" lengthAdjust="spacingAndGlyphs"'
    shadow = (
        f'<text y="{baseline + 1}" {fitted} fill="{"#010101" if light else "#fff"}" '
        f'fill-opacity=".3" aria-hidden="true">{escaped(text)}</text>'
    )
    body = f'<text y="{baseline}" {fitted} fill="{color}">{escaped(text)}</text>'
    return (shadow if look.shine else "") + body
