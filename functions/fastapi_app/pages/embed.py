"""The section of a page with snippets to copy: badges, charts and commands."""

import datetime as dt

import htpy as h

from fastapi_app.pages import words
from fastapi_app.pages.layout import Site
from fastapi_app.pages.snippets import Snippet, badge_url, csv_url, snippets
from fastapi_app.pages.view import View


def embed_section(site: Site, view: View, start: dt.date) -> h.Element:
    """The snippets by group, each with a copy button, which the script shows.

    The view begins on the day `start`.
    """
    groups: dict[str, list[Snippet]] = {}
    for snippet in snippets(view, start, site.base_url):
        groups.setdefault(snippet.group, []).append(snippet)
    return h.section(".embed", aria_labelledby="embed")[
        h.h2("#embed")["Put it into your README"],
        h.p[
            "Badges and charts renew themselves. Charts show ",
            f"all days since {words.day(start)}"
            if view.days == "all"
            else "the days that pypistats.org keeps, about 180",
            ". The figures are also a ",
            h.a(href=csv_url(view, start, site.base_path), download=True)["CSV file"],
            ".",
        ],
        [
            h.section[
                h.h3[group],
                _badges(site, view) if group == "Badge" else None,
                [_snippet(snippet) for snippet in of_group],
            ]
            for group, of_group in groups.items()
        ],
    ]


def _badges(site: Site, view: View) -> h.Element:
    """What the badges look like."""
    return h.p(".badges")[
        [
            h.img(
                src=badge_url(view, package, site.base_path),
                alt=f"Badge of {package}",
                height="20",
                loading="lazy",
            )
            for package in view.packages
        ]
    ]


def _snippet(snippet: Snippet) -> h.Element:
    name = f"{snippet.group}, {snippet.label}"
    code_id = f"copy-{'-'.join(name.replace(',', '').lower().split())}"
    return h.div(".snippet")[
        h.p[snippet.label],
        h.pre(tabindex="0")[h.code(id=code_id)[snippet.text]],
        h.button(type="button", hidden=True, data_copy=code_id, aria_label=f"Copy: {name}")["Copy"],
    ]
