"""Pages that say what went wrong and what to do."""

from collections.abc import Sequence
from typing import Final

import htpy as h

from fastapi_app.pages.figures import Row
from fastapi_app.pages.layout import Head, Site, page, search
from fastapi_app.pages.view import View
from pulse.problems import InputError, UnknownPackage
from pulse.svg_text import clean

_SHOWN: Final = 300
"""How many characters of the typed text the search shows again."""


def invalid(site: Site, errors: Sequence[InputError], typed: str) -> str:
    """The page for an address that names something invalid."""
    main = [
        search(site, View(), clean(typed)[:_SHOWN]),
        h.h1("#content")["That can’t be shown"],
        h.ul(".problems")[(h.li[_in_words(error)] for error in errors)],
        h.p["Change the names above, or ", h.a(href=site.page())["start again"], "."],
    ]
    head = Head(
        "That can’t be shown · PyPI Pulse", "Invalid names or options.", site.page(), indexed=False
    )
    return page(site, head, main)


def nothing(site: Site, view: View, rows: Sequence[Row], retry_after_s: int | None) -> str:
    """The page if none of the packages has figures."""
    unknown = all(isinstance(row.found, UnknownPackage) for row in rows)
    title = "No downloads under this name" if unknown else "No figures at the moment"
    main = [
        search(site, view),
        h.h1("#content")[
            title if len(rows) == 1 or not unknown else "No downloads under these names"
        ],
        h.ul(".problems")[(h.li[h.strong[row.package], ": ", str(row.found)] for row in rows)],
        h.p[
            "Check the spelling, or ",
            h.a(href=site.page())["start again"],
            ".",
        ]
        if unknown
        else h.p[
            h.a(href=site.page(view.query()))["Try again"],
            f" in {retry_after_s} seconds." if retry_after_s else " in a moment.",
        ],
    ]
    head = Head(f"{title} · PyPI Pulse", title, site.page(view.query()), indexed=False)
    return page(site, head, main, retry_after_s=retry_after_s)


def _in_words(error: InputError) -> str:
    name = "" if error.parameter == "packages" else f"{error.parameter}: "
    return f"{name}{error.detail}"
