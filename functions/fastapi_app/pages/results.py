"""The page of one package or of several: chart, table, shares, and what to copy."""

from collections.abc import Iterator
from typing import Final

import htpy as h

from fastapi_app.pages import words
from fastapi_app.pages.charts import chart_figure
from fastapi_app.pages.figures import Figures, Row, Shares
from fastapi_app.pages.layout import Head, Site, page, search
from fastapi_app.pages.snippets import Snippet, csv_url, snippets
from fastapi_app.pages.view import View
from pulse.problems import Problem
from pulse.questions import Breakdown

_RANGES: Final = {"30": "30 days", "90": "90 days", "180": "180 days", "365": "1 year", "all": "All"}
_PERIODS: Final = {"day": "Days", "week": "Weeks", "month": "Months"}
_SCALES: Final = {"linear": "Linear", "log": "Log", "index": "Index", "share": "Share"}
_MIRRORS: Final = {"false": "Without mirrors", "true": "With mirrors"}
_BREAKDOWNS: Final = {
    Breakdown.PYTHON_MINOR: "Python versions",
    Breakdown.SYSTEM: "Operating systems",
}


def results(site: Site, view: View, figures: Figures, retry_after_s: int | None) -> str:
    """The page of a view of which at least one package has figures."""
    single = len(view.packages) == 1
    title = view.packages[0] if single else " vs ".join(view.packages)
    head = Head(
        title=f"{title} · PyPI Pulse",
        description=_description(figures),
        canonical=site.page(view.query()),
        indexed=single,
    )
    main = [
        search(site, view),
        h.h1("#content")[f"Downloads of {words.listed(view.packages)}"],
        _notices(figures),
        _options(site, view, figures),
        chart_figure(view, figures),
        _cards(figures.rows[0]) if single else _table(site, view, figures),
        _small_print(view, figures),
        h.div(".splits")[
            (_shares(breakdown, figures, view) for breakdown in _BREAKDOWNS),
        ],
        _embed(site, view),
    ]
    return page(site, head, main, retry_after_s=retry_after_s)


def _description(figures: Figures) -> str:
    known = [row for row in figures.rows if row.stats]
    sums = ", ".join(
        f"{row.package} {words.number(row.stats.last_month)}" for row in known if row.stats
    )
    return f"Downloads in the 30 days up to {words.day(figures.as_of)}: {sums}."


def _notices(figures: Figures) -> Iterator[h.Element]:
    if figures.source == "simulated":
        yield h.p(".notice.invented")[
            h.strong["Invented figures."],
            " pypistats.org can’t be reached from here, so a simulation answers. Don’t quote these numbers.",
        ]
    if figures.stale:
        yield h.p(".notice.old")[
            h.strong["Old figures."],
            f" pypistats.org did not answer when newer ones of {words.listed(figures.stale)} were due. These "
            f"were fetched on {words.moment(figures.fetched_at)}.",
        ]


def _options(site: Site, view: View, figures: Figures) -> h.Element:
    ranges = {
        days: label
        for days, label in _RANGES.items()
        if not days.isdigit() or int(days) < figures.kept_days or days == view.days
    }
    scales = _SCALES if len(view.packages) > 1 else {**_SCALES}
    if len(view.packages) == 1:
        scales = {scale: label for scale, label in _SCALES.items() if scale != "share"}
    return h.div(".options")[
        _choice(site, view, "days", "Range", ranges),
        _choice(site, view, "period", "Period", _PERIODS),
        _choice(site, view, "scale", "Scale", scales),
        _choice(site, view, "mirrors", "Mirrors", _MIRRORS),
    ]


def _choice(site: Site, view: View, name: str, label: str, values: dict[str, str]) -> h.Element:
    """Links that change one option; the current one is marked."""
    current = getattr(view, name)
    return h.nav(".choice", aria_label=label)[
        (
            h.a(
                id=f"{name}-{value}",
                href=site.page(view.query(**{name: value})),
                aria_current="true" if value == current else None,
            )[text]
            for value, text in values.items()
        )
    ]


_COLUMNS: Final = ("Last day", "7 days", "30 days", "Week on week", "Total")


def _table(site: Site, view: View, figures: Figures) -> h.Element:
    """The packages, most downloaded first."""
    ordered = sorted(figures.rows, key=lambda row: -row.stats.last_month if row.stats else 1)
    return h.table(".sums", role="table")[
        h.caption(".hidden")[f"Downloads up to {words.day(figures.as_of)}"],
        h.thead(role="rowgroup")[
            h.tr(role="row")[
                h.th(scope="col", role="columnheader")["Package"],
                (h.th(scope="col", role="columnheader")[column] for column in _COLUMNS),
                h.th(role="columnheader")[h.span(".hidden")["Remove"]],
            ]
        ],
        h.tbody(role="rowgroup")[(_table_row(site, view, row) for row in ordered)],
    ]


def _table_row(site: Site, view: View, row: Row) -> h.Element:
    others = [name for name in view.packages if name != row.package]
    cells: h.Node
    if row.stats:
        cells = (
            h.td(role="cell", data_label=label)[value]
            for label, value in zip(_COLUMNS, _sums(row), strict=True)
        )
    else:
        cells = h.td(".problem", role="cell", colspan=len(_COLUMNS))[str(row.problem)]
    return h.tr(role="row")[
        h.th(scope="row", role="rowheader")[
            h.span(class_=["swatch", f"series-{row.number}"], aria_hidden="true"),
            h.a(href=site.page(view.query(packages=[row.package])))[row.package],
        ],
        cells,
        h.td(".remove", role="cell")[
            h.a(
                href=site.page(view.query(packages=others)),
                aria_label=f"Remove {row.package}",
                title="Remove",
            )["×"]
        ],
    ]


def _sums(row: Row) -> list[h.Node]:
    stats = row.stats
    if stats is None:
        return []
    return [
        words.number(stats.last_day),
        words.number(stats.last_week),
        words.number(stats.last_month),
        _growth(stats.weekly_growth),
        words.number(stats.total_downloads),
    ]


def _growth(value: float | None) -> h.Element:
    direction = "unknown" if value is None else "up" if value >= 0 else "down"
    return h.span(class_=["growth", direction])[words.growth(value)]


def _cards(row: Row) -> h.Element:
    return h.dl(".cards")[
        (
            h.div[h.dt[label], h.dd[value]]
            for label, value in zip(_COLUMNS, _sums(row), strict=True)
        )
    ]


def _small_print(view: View, figures: Figures) -> h.Element:
    """How new the figures are, what they count, and the days that are missing."""
    missing = [row for row in figures.rows if row.stats and row.stats.missing_dates]
    return h.div(".small")[
        h.p[
            f"Figures of ",
            h.time(datetime=figures.first.isoformat())[words.day(figures.first)],
            " to ",
            h.time(datetime=figures.as_of.isoformat())[words.day(figures.as_of)],
            f", fetched on {words.moment(figures.fetched_at)}, ",
            "with downloads by mirrors. " if view.with_mirrors else "without downloads by mirrors. ",
            "“Total” is the sum of all of them. “Week on week” compares the last 7 days with the 7 before.",
        ],
        missing
        and h.details[
            h.summary["Missing days"],
            h.p["pypistats.org has no figures for these days. They count 0 in the sums and are gaps in the chart."],
            h.dl[
                (
                    h.div[
                        h.dt[row.package],
                        h.dd[words.days_listed(row.stats.missing_dates) if row.stats else ""],
                    ]
                    for row in missing
                )
            ],
        ],
    ]


def _shares(breakdown: Breakdown, figures: Figures, view: View) -> h.Element:
    """A table of shares: categories down, packages across."""
    shares = figures.shares[breakdown]
    names = list(figures.overall)
    title = _BREAKDOWNS[breakdown]
    return h.section(aria_labelledby=f"by-{breakdown}")[
        h.h2(id=f"by-{breakdown}")[title],
        _share_table(title, names, shares, view) if shares.rows else _no_shares(shares),
        [
            h.p(".problem")[h.strong[package], ": ", str(problem)]
            for package, problem in shares.problems.items()
        ],
    ]


def _no_shares(shares: Shares) -> h.Node:
    return None if shares.problems else h.p["Nothing was downloaded without mirrors in this range."]


def _share_table(title: str, names: list[str], shares: Shares, view: View) -> h.Element:
    numbers = [view.packages.index(name) for name in names]
    return h.div(".scroll", tabindex="0", role="group", aria_label=title)[
        h.table(".shares")[
            h.thead[
                h.tr[
                    h.th(scope="col")[h.span(".hidden")["Category"]],
                    (h.th(scope="col")[name] for name in names),
                ]
            ],
            h.tbody[
                (
                    h.tr[
                        h.th(scope="row")[label],
                        (
                            h.td[_bar(value, number), words.share(value)]
                            for value, number in zip(values, numbers, strict=True)
                        ),
                    ]
                    for label, values in shares.rows
                )
            ],
        ]
    ]


def _bar(value: float | None, number: int) -> h.Element:
    width = f"{100 * (value or 0):.1f}"
    return h.svg(
        class_=["bar", f"series-{number}"],
        viewbox="0 0 100 1",
        preserveaspectratio="none",
        aria_hidden="true",
    )[h.rect(".track", width="100", height="1"), h.rect(width=width, height="1")]


def _embed(site: Site, view: View) -> h.Element:
    groups: dict[str, list[Snippet]] = {}
    for snippet in snippets(view, site.base_url):
        groups.setdefault(snippet.group, []).append(snippet)
    return h.section(".embed", aria_labelledby="embed")[
        h.h2("#embed")["Put it into your README"],
        h.p[
            "Badges and charts stay up to date. The figures are at hand as ",
            h.a(href=csv_url(view, site.base_path), download=True)["CSV"],
            " too.",
        ],
        [
            h.section[h.h3[group], [_snippet(snippet) for snippet in of_group]]
            for group, of_group in groups.items()
        ],
    ]


def _snippet(snippet: Snippet) -> h.Element:
    name = f"{snippet.group}, {snippet.label}"
    code_id = f"copy-{'-'.join(name.replace(',', '').lower().split())}"
    return h.div(".snippet")[
        h.p[snippet.label],
        h.pre(tabindex="0")[h.code(id=code_id)[snippet.text]],
        h.button(type="button", hidden=True, data_copy=code_id, aria_label=f"Copy: {name}")["Copy"],
    ]
