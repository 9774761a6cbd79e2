"""The frame of every page: head, header with the search, status line, main part, footer."""

from dataclasses import dataclass
from typing import Final

import htpy as h

from fastapi_app.pages.view import View
from fastapi_app.static_files import static_path
from pulse.image_parameters import MAX_CHARTED

PICTURE_PX: Final = (1200, 600)
"""The size that social networks and messengers ask for."""


@dataclass(frozen=True)
class Site:
    """Where the page is served: `origin` is scheme and host, `base_path` has no slash at its end."""

    origin: str
    base_path: str

    @property
    def base_url(self) -> str:
        """The base URL of the API."""
        return f"{self.origin}{self.base_path}"

    def page(self, query: str = "") -> str:
        """The path of a view's page."""
        return f"{self.base_path}/?{query}" if query else f"{self.base_path}/"

    def picture(self, query: str) -> str:
        """The path of a view's picture."""
        return f"{self.base_path}/preview.png?{query}"

    def static(self, name: str) -> str:
        """The path of a static file."""
        return f"{self.base_path}{static_path(name)}"


@dataclass(frozen=True)
class Head:
    """What browsers, search engines and link previews are told about a page."""

    title: str
    description: str
    canonical: str
    """The path and query of this view's canonical address."""
    indexed: bool = True
    picture: str | None = None
    """The path of the picture for link previews."""


def page(site: Site, head: Head, main: h.Node, *, retry_after_s: int | None = None) -> str:
    """A whole page. If a source failed, the script asks again after `retry_after_s`."""
    return str(
        h.html(lang="en")[
            _head(site, head),
            h.body(data_origin=site.origin)[
                h.a(".skip", href="#content")["Skip to the content"],
                h.header(".top")[
                    h.a(".brand", href=site.page())[_LOGO, "PyPI Pulse"],
                    h.nav(aria_label="Site")[h.a(href=f"{site.base_path}/docs")["API"]],
                ],
                h.main("#main", data_retry_after=retry_after_s)[main],
                h.p("#status", role="status"),
                h.footer[
                    h.p[
                        "Download counts include CI and caches; they do not count people. Figures from ",
                        h.a(href="https://pypistats.org")["pypistats.org"],
                        "; all days are UTC.",
                    ],
                ],
            ],
        ]
    )


def _head(site: Site, head: Head) -> h.Element:
    return h.head[
        h.meta(charset="utf-8"),
        h.meta(name="viewport", content="width=device-width, initial-scale=1"),
        h.title[head.title],
        h.meta(name="description", content=head.description),
        h.meta(name="color-scheme", content="light dark"),
        not head.indexed and h.meta(name="robots", content="noindex"),
        h.meta(property="og:title", content=head.title),
        h.meta(property="og:description", content=head.description),
        h.meta(property="og:type", content="website"),
        h.meta(property="og:url", content=f"{site.origin}{head.canonical}"),
        head.picture and _picture(f"{site.origin}{head.picture}", head.title),
        h.link(rel="canonical", href=head.canonical),
        h.link(rel="icon", type="image/svg+xml", href=f"{site.base_path}/favicon.svg"),
        h.link(rel="stylesheet", href=site.static("page.css")),
        h.link(rel="stylesheet", href=site.static("charts.css")),
        h.script(src=site.static("page.js"), defer=True),
    ]


def _picture(url: str, title: str) -> list[h.VoidElement]:
    return [
        h.meta(property="og:image", content=url),
        h.meta(property="og:image:width", content=PICTURE_PX[0]),
        h.meta(property="og:image:height", content=PICTURE_PX[1]),
        h.meta(property="og:image:alt", content=f"Chart: {title}"),
        h.meta(name="twitter:card", content="summary_large_image"),
    ]


def search(site: Site, view: View, typed: str | None = None) -> h.Element:
    """The form that names packages and keeps the view's options. `typed` replaces the names."""
    options = view.model_dump(exclude={"packages"}, exclude_defaults=True)
    shown = ", ".join(view.packages) if typed is None else typed
    return h.form(".search", role="search", method="get", action=site.page())[
        h.label(for_="packages")["Packages to compare"],
        h.div(".field")[
            h.input(
                "#packages",
                name="packages",
                type="text",
                value=shown,
                placeholder="requests, httpx",
                autocomplete="off",
                autocapitalize="none",
                spellcheck="false",
                required=True,
                autofocus=not shown,
                aria_describedby="packages-help",
                data_names=site.static("names.txt"),
            ),
            h.ul("#suggestions", role="listbox", aria_label="Suggestions", hidden=True),
        ],
        [h.input(type="hidden", name=name, value=value) for name, value in options.items()],
        h.button(type="submit")["Compare"],
        h.p("#packages-help.help")[f"Up to {MAX_CHARTED} names, separated by commas or spaces."],
    ]


_LOGO = h.svg(viewbox="0 0 32 32", width="28", height="28", aria_hidden="true")[
    h.rect(width="32", height="32", rx="7"),
    h.path(d="M5 18h5l3-9 5 15 4-11 2 5h3"),
]
