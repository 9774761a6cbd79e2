"""The chart of a page."""

import htpy as h

from fastapi_app.pages.figures import Figures
from fastapi_app.pages.view import View


def chart_figure(view: View, figures: Figures) -> h.Element:
    """The chart of a view."""
    return h.figure(".chart")[h.p[f"{len(figures.overall)} of {len(view.packages)}"]]
