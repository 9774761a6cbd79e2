"""The picture that link previews show: the chart of a view, as PNG."""

import re
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from resvg_py import svg_to_bytes

from fastapi_app.pages.layout import PICTURE_PX
from pulse.charts.style import LIGHT

CHART_WIDTH_PX: Final = 860
"""The width of the chart before it is enlarged: previews are shown small, so texts must be large."""

_FAMILY: Final = "Source Sans Pro"
_FONTS: Final = ("SourceSansPro-Regular.otf", "SourceSansPro-Semibold.otf")
_SIZE: Final = re.compile(r'width="(\d+)" height="(\d+)"')


def png_of(chart: str) -> bytes:
    """The chart, an SVG of about `CHART_WIDTH_PX`, in the middle of a PNG of the full size."""
    size = _SIZE.search(chart)
    if size is None:
        raise ValueError("a chart begins with its width and height")
    width, height = map(int, size.groups())
    picture_width, picture_height = PICTURE_PX
    scale = min(picture_width / width, picture_height / height)
    left, top = (picture_width - scale * width) / 2, (picture_height - scale * height) / 2
    picture = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{picture_width}" height="{picture_height}">'
        f'<rect width="100%" height="100%" fill="{LIGHT.background}"/>'
        f'<g transform="translate({left:.1f} {top:.1f}) scale({scale:.4f})">{chart}</g></svg>'
    )
    return svg_to_bytes(
        svg_string=picture,
        skip_system_fonts=True,
        font_files=[str(_font_folder() / name) for name in _FONTS],
        font_family=_FAMILY,
        sans_serif_family=_FAMILY,
    )


def _font_folder() -> Path:
    """Where `font-source-sans-pro` keeps its fonts; it is not imported."""
    spec = find_spec("font_source_sans_pro")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("font-source-sans-pro, which has the font, is not installed")
    return Path(spec.origin).with_name("files")
