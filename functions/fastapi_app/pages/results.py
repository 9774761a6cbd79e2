"""The page of one package or of several: options, chart, sums, shares, and what to copy."""

from collections.abc import Iterator
from typing import Final

import htpy as h

from fastapi_app.pages import words
from fastapi_app.pages.charts import chart_figure, swatch
from fastapi_app.pages.details import detail_sections
from fastapi_app.pages.embed import embed_section
from fastapi_app.pages.figures import Figures, Row
from fastapi_app.pages.layout import Head, Site, page, search
from fastapi_app.pages.shares import share_sections
from fastapi_app.pages.view import View
from pulse.daily_counts import DailyCounts
from pulse.models import PackageStats, PackageTotal
from pulse.problems import Problem
from pulse.questions import Answer
from pulse.totals import package_total

_RANGES: Final = {
    "30": "30 days",
    "90": "90 days",
    "180": "180 days",
    "365": "1 year",
    "all": "All",
}
_PERIODS: Final = {"day": "Days", "week": "Weeks", "month": "Months"}
_SCALES: Final = {"linear": "Linear", "log": "Log", "index": "Index", "share": "Share"}
_MIRRORS: Final = {"false": "Without mirrors", "true": "With mirrors"}
_MOST_BESIDE: Final = 4
"""Of more packages, the tables of shares stand below each other."""

_COLUMNS: Final = ("Last day", "7 days", "30 days", "Week on week", "Total")


def results(
    site: Site,
    view: View,
    figures: Figures,
    retry_after_s: int | None,
    all_time: Answer | None = None,
) -> str:
    """The page of a view in which at least one package has figures.

    `all_time` is ClickHouse's answer for a single package; None if there is no ClickHouse.
    """
    single = len(view.packages) == 1
    names = [words.package(name) for name in view.packages]
    total = None
    if isinstance(all_time, DailyCounts):
        total = package_total(view.packages[0], all_time, mirrors=view.with_mirrors)
    head = Head(
        title=f"{' vs '.join(names)} · PyPI Pulse",
        description=_description(figures),
        canonical=site.page(view.query()),
        indexed=single,
        picture=site.picture(view.query()),
    )
    main = [
        search(site, view),
        h.h1("#content")[f"Downloads of {words.listed(names)}"],
        _notices(figures),
        _options(site, view, figures),
        chart_figure(view, figures),
        _cards(figures, total) if single else _table(site, view, figures),
        _small_print(view, figures, total),
        h.div(class_={"splits": True, "many": len(names) > _MOST_BESIDE})[
            share_sections(view, figures),
            detail_sections(site, view, figures.start) if all_time else None,
        ],
        embed_section(site, view, figures.start),
    ]
    return page(site, head, main, retry_after_s=retry_after_s)


def _stats(figures: Figures) -> list[PackageStats]:
    return [row.found for row in figures.rows if isinstance(row.found, PackageStats)]


def _description(figures: Figures) -> str:
    sums = [f"{stats.package} {words.number(stats.last_month)}" for stats in _stats(figures)]
    return f"Downloads in the 30 days up to {words.day(figures.as_of)}: {', '.join(sums)}."


def _notices(figures: Figures) -> Iterator[h.Element]:
    if figures.source == "simulated":
        yield h.p(".notice.invented")[
            h.strong["Invented figures."],
            " pypistats.org can’t be reached from here, so a simulation answers. Don’t quote these numbers.",
        ]
    if figures.stale:
        yield h.p(".notice.old")[
            h.strong["Old figures."],
            f" pypistats.org did not answer when newer ones of {words.listed(figures.stale)} were due.",
            f" The oldest were fetched on {words.moment(figures.fetched_at)}.",
        ]


def _options(site: Site, view: View, figures: Figures) -> h.Element:
    ranges = {
        days: label
        for days, label in _RANGES.items()
        if days in {"all", view.days} or figures.covers(int(days))
    }
    single = len(view.packages) == 1
    scales = {scale: label for scale, label in _SCALES.items() if not (single and scale == "share")}
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
        [
            h.a(
                id=f"{name}-{value}",
                href=site.page(view.query(**{name: value})),
                aria_current="true" if value == current else None,
            )[text]
            for value, text in values.items()
        ]
    ]


def _table(site: Site, view: View, figures: Figures) -> h.Element:
    """The packages, most downloaded first; those without figures at the end.

    On phones, styles make a card of each row. The roles keep it a table for screen readers.
    """
    ordered = sorted(figures.rows, key=_size, reverse=True)
    return h.table(".sums", role="table")[
        h.caption(".hidden")[f"Downloads up to {words.day(figures.as_of)}"],
        h.thead(role="rowgroup")[
            h.tr(role="row")[
                h.th(scope="col", role="columnheader")["Package"],
                [h.th(scope="col", role="columnheader")[column] for column in _COLUMNS],
                h.th(role="columnheader")[h.span(".hidden")["Remove"]],
            ]
        ],
        h.tbody(role="rowgroup")[[_table_row(site, view, figures, row) for row in ordered]],
    ]


def _size(row: Row) -> int:
    return row.found.last_month if isinstance(row.found, PackageStats) else -1


def _table_row(site: Site, view: View, figures: Figures, row: Row) -> h.Element:
    package, found = row
    line: h.Element | None = None
    if isinstance(found, Problem):
        cells = [h.td(".problem", role="cell", colspan=len(_COLUMNS))[found.detail]]
    else:
        line = swatch(list(figures.overall).index(package))
        cells = [
            h.td(role="cell", data_label=label)[value]
            for label, value in zip(_COLUMNS, _sums(found), strict=True)
        ]
    others = [name for name in view.packages if name != package]
    return h.tr(role="row")[
        h.th(scope="row", role="rowheader")[
            line, h.a(href=site.page(view.query(packages=[package])))[words.package(package)]
        ],
        cells,
        h.td(".remove", role="cell")[
            h.a(
                href=site.page(view.query(packages=others)),
                aria_label=f"Remove {package}",
                title="Remove",
            )["×"]
        ],
    ]


def _cards(figures: Figures, total: PackageTotal | None) -> h.Element:
    """The sums of a single package; `total` is of all time."""
    (stats,) = _stats(figures)
    return h.dl(".cards")[
        [
            h.div[h.dt[label], h.dd[value]]
            for label, value in zip(_COLUMNS, _sums(stats), strict=True)
        ],
        total and h.div[h.dt[_since(total)], h.dd[words.number(total.total_downloads)]],
    ]


def _since(total: PackageTotal) -> str:
    return f"Since {total.since.year}" if total.since else "Of all time"


def _sums(stats: PackageStats) -> list[h.Node]:
    """What `_COLUMNS` names."""
    return [
        words.number(stats.last_day),
        words.number(stats.last_week),
        words.number(stats.last_month),
        _growth(stats.weekly_growth),
        words.number(stats.total_downloads),
    ]


def _growth(value: float | None) -> h.Element:
    if value is None or words.is_level(value):
        return h.span[words.growth(value)]
    return h.span(class_=["growth", "up" if value > 0 else "down"])[words.growth(value)]


def _small_print(view: View, figures: Figures, total: PackageTotal | None) -> h.Element:
    """How new the figures are, what they count, and the days that are missing."""
    included = "with" if view.with_mirrors else "without"
    return h.div(".small")[
        h.p[
            "Sums of ",
            h.time(datetime=figures.first.isoformat())[words.day(figures.first)],
            " to ",
            h.time(datetime=figures.as_of.isoformat())[words.day(figures.as_of)],
            f", fetched on {words.moment(figures.fetched_at)}, {included} downloads by mirrors.",
            " “Total” is the sum of all these days.",
            " “Week on week” compares the last 7 days with the 7 before.",
            total and total.source == "clickhouse" and f" “{_since(total)}” is from ClickHouse.",
        ],
        _missing_days(figures),
    ]


def _missing_days(figures: Figures) -> h.Element | None:
    missing = [stats for stats in _stats(figures) if stats.missing_dates]
    if not missing:
        return None
    return h.details[
        h.summary["Missing days"],
        h.p["Without figures. They count 0 in the sums, and are gaps in the chart."],
        h.dl[
            [
                h.div[h.dt[stats.package], h.dd[words.days_listed(stats.missing_dates)]]
                for stats in missing
            ]
        ],
    ]
