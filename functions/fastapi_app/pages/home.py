"""The start page, for an address that names no package."""

from typing import Final

import htpy as h

from fastapi_app.pages import words
from fastapi_app.pages.layout import Head, Site, page, search
from fastapi_app.pages.view import View
from pulse.image_parameters import MAX_CHARTED
from pulse.models import TopPackages

_EXAMPLES: Final = (
    ("HTTP clients", "aiohttp,httpx,requests"),
    ("Web frameworks", "django,fastapi,flask"),
    ("Data frames", "duckdb,pandas,polars"),
    ("Linters", "flake8,pylint,ruff"),
)


_MOST_LISTED: Final = 20


def home(site: Site, top: TopPackages | None = None) -> str:
    """The start page; without the most downloaded packages if `top` is None."""
    head = Head(
        title="PyPI Pulse: how often is a Python package downloaded?",
        description="Compare the downloads of Python packages: charts, tables, badges and an API.",
        canonical=site.page(),
    )
    main = [
        h.div(".hero")[
            h.h1["How often is a Python package downloaded?"],
            h.p(".lead")[
                "Name one package, or several to compare. Every view has a link to share."
            ],
        ],
        search(site, View()),
        h.h2("#content")["Or start with one of these"],
        h.ul(".examples")[
            (
                h.li[
                    h.a(href=site.page(f"packages={names}"))[
                        h.strong[title],
                        h.span[names.replace(",", ", ")],
                    ]
                ]
                for title, names in _EXAMPLES
            )
        ],
        top and _most_downloaded(site, top),
        h.div(".offers")[
            h.section[
                h.h2["Charts and badges"],
                h.p[
                    "For a README or a blog post. They always show an image, even when the source is down."
                ],
            ],
            h.section[
                h.h2["Nothing smoothed over"],
                h.p[
                    "A day without figures is a gap, and is listed. Old figures say how old they are."
                ],
            ],
            h.section[
                h.h2["An API"],
                h.p[
                    "JSON and CSV for up to 50 packages at once, and a drop-in for pypistats.org’s. ",
                    h.a(href=f"{site.base_path}/docs")["Try it"],
                    ".",
                ],
            ],
        ],
    ]
    return page(site, head, main)


def _most_downloaded(site: Site, top: TopPackages) -> h.Element:
    """The first packages of last month, each with a link to its page."""
    listed = top.packages[:_MOST_LISTED]
    first = ",".join(sorted(one.package for one in listed[:MAX_CHARTED]))
    return h.section(".top-packages", aria_labelledby="top-packages")[
        h.h2("#top-packages")[f"Most downloaded in {top.start:%B %Y}"],
        h.ol[
            (
                h.li[
                    h.a(href=site.page(f"packages={one.package}"))[one.package],
                    h.span[words.number(one.downloads)],
                ]
                for one in listed
            )
        ],
        h.p[
            f"{_source(top)}, with downloads by mirrors. ",
            h.a(href=site.page(f"packages={first}"))["Compare the first ten"],
            ".",
        ],
    ]


def _source(top: TopPackages) -> str:
    return "Invented figures" if top.source == "simulated" else "From ClickHouse"
