"""Snippets to copy: badges and charts for a README, and commands for the figures."""

import datetime as dt
import shlex
from html import escape
from typing import NamedTuple
from urllib.parse import urlencode

from fastapi_app.pages.view import View
from fastapi_app.pages.words import listed
from pulse.names import PackageName


class Snippet(NamedTuple):
    """A text to copy, under a heading (`Badge`) and with a label (`Markdown`)."""

    group: str
    label: str
    text: str


def snippets(view: View, start: dt.date, base_url: str) -> list[Snippet]:
    """The snippets of a view that begins on the day `start`.

    `base_url` is where the API is served, without a slash at its end.
    """
    return [
        *_badge(view, base_url),
        *_chart(view, start, base_url),
        Snippet("Figures", "curl", f"curl -s {shlex.quote(figures_url(view, base_url))}"),
        Snippet("Figures", "CSV", f"curl -s {shlex.quote(csv_url(view, start, base_url))}"),
    ]


def figures_url(view: View, base_url: str) -> str:
    """The sums of a view as JSON."""
    if len(view.packages) == 1:
        return f"{base_url}/packages/{view.packages[0]}?{_query(mirrors=view.mirrors)}"
    query = _query(packages=",".join(view.packages), mirrors=view.mirrors)
    return f"{base_url}/compare?{query}"


def csv_url(view: View, start: dt.date, base_url: str) -> str:
    """The days, weeks or months of a view as CSV."""
    options = {"period": view.period, "mirrors": view.mirrors, "format": "csv"}
    if view.days != View().days:
        options["start"] = start.isoformat()
    if len(view.packages) == 1:
        return f"{base_url}/packages/{view.packages[0]}/downloads?{_query(**options)}"
    query = _query(packages=",".join(view.packages), **options)
    return f"{base_url}/compare/downloads?{query}"


def chart_url(view: View, start: dt.date, base_url: str, **options: str) -> str:
    """The chart of a view as SVG, of everything or of the days that the source keeps.

    Shorter ranges move on with time, and a chart's address only has fixed dates.
    """
    options = {
        **({"start": start.isoformat()} if view.days == "all" else {}),
        **({"period": view.period} if view.period != "day" else {}),
        **({"scale": view.scale} if view.scale != "linear" else {}),
        **_without_mirrors(view),
        **options,
    }
    if len(view.packages) == 1:
        query = f"?{_query(**options)}" if options else ""
        return f"{base_url}/packages/{view.packages[0]}/chart.svg{query}"
    # `%2C`, since a comma ends a URL inside `srcset`.
    query = urlencode({"packages": ",".join(view.packages), **options})
    return f"{base_url}/compare/chart.svg?{query}"


def badge_url(view: View, package: PackageName, base_url: str) -> str:
    """The badge of a package; one of several says which package it is of."""
    label = {"label": package} if len(view.packages) > 1 else {}
    query = _query(**label, **_without_mirrors(view))
    return f"{base_url}/packages/{package}/badge.svg{query and f'?{query}'}"


def _badge(view: View, base_url: str) -> list[Snippet]:
    markdown, html, rst = [], [], []
    for package in view.packages:
        alt, image = f"Downloads of {package}", badge_url(view, package, base_url)
        page = f"{base_url}/?packages={package}"
        markdown.append(f"[![{alt}]({image})]({page})")
        html.append(f'<a href="{escape(page)}"><img alt="{escape(alt)}" src="{escape(image)}"></a>')
        rst.append(f".. image:: {image}\n   :alt: {alt}\n   :target: {page}")
    return [
        Snippet("Badge", "Markdown", "\n".join(markdown)),
        Snippet("Badge", "HTML", "\n".join(html)),
        Snippet("Badge", "reStructuredText", "\n\n".join(rst)),
    ]


def _chart(view: View, start: dt.date, base_url: str) -> list[Snippet]:
    alt, page = f"Downloads of {listed(view.packages)}", f"{base_url}/?{view.query()}"
    light, dark = (chart_url(view, start, base_url, theme=theme) for theme in ("light", "dark"))
    picture = (
        f'<a href="{escape(page)}"><picture>\n'
        f'  <source media="(prefers-color-scheme: dark)" srcset="{escape(dark)}">\n'
        f'  <img alt="{escape(alt)}" src="{escape(light)}">\n'
        "</picture></a>"
    )
    return [
        Snippet("Chart", "Markdown", f"[![{alt}]({light})]({page})"),
        Snippet("Chart", "HTML, light and dark", picture),
        Snippet(
            "Chart", "reStructuredText", f".. image:: {light}\n   :alt: {alt}\n   :target: {page}"
        ),
    ]


def _without_mirrors(view: View) -> dict[str, str]:
    """The routes of images count mirrors by default, unlike the page."""
    return {} if view.with_mirrors else {"mirrors": "false"}


def _query(**values: str) -> str:
    return urlencode(values, safe=",")
