"""Charts of a single package that need ClickHouse. They are loaded when somebody scrolls to them.

So charts that nobody looks at use up none of ClickHouse's hourly queries.
"""

import datetime as dt
from typing import Final
from urllib.parse import urlencode

import htpy as h

from fastapi_app.pages.layout import Site
from fastapi_app.pages.view import View
from pulse.questions import Breakdown

_TITLES: Final = {
    Breakdown.VERSION: "Versions",
    Breakdown.COUNTRY: "Countries",
    Breakdown.INSTALLER: "Installers",
    Breakdown.FILE_TYPE: "File types",
}
_WIDTH_PX, _HEIGHT_PX = 400, 320
"""The approximate size of a chart, which keeps the page from jumping when it is loaded."""


def detail_sections(site: Site, view: View, start: dt.date) -> list[h.Element]:
    """A section for each breakdown of ClickHouse, over the days from `start` on."""
    (package,) = view.packages
    base = f"{site.base_path}/packages/{package}"
    options: dict[str, str] = {"period": view.period, "mirrors": view.mirrors}
    if view.days != View().days:
        options["start"] = start.isoformat()
    return [_section(base, package, by, title, options) for by, title in _TITLES.items()]


def _section(
    base: str, package: str, by: Breakdown, title: str, options: dict[str, str]
) -> h.Element:
    heading_id = f"by-{by}"
    chart = urlencode({"by": by, **options, "width": _WIDTH_PX})
    figures = urlencode({"by": by, **options, "format": "csv"})
    return h.section(aria_labelledby=heading_id)[
        h.h2(id=heading_id)[title],
        h.figure(".plot")[
            h.img(
                src=f"{base}/chart.svg?{chart}",
                alt=f"Chart: shares of the {title.lower()} of {package}. The CSV file has the figures.",
                width=_WIDTH_PX,
                height=_HEIGHT_PX,
                loading="lazy",
            )
        ],
        h.p[
            h.a(href=f"{base}/downloads?{figures}", download=True)[
                "CSV", h.span(".hidden")[f" of the {title.lower()}"]
            ]
        ],
    ]
