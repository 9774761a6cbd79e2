"""How downloads are split by Python version and operating system: tables, and charts of a single package."""

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import htpy as h

from fastapi_app.pages import words
from fastapi_app.pages.charts import split_figure
from fastapi_app.pages.figures import Figures
from fastapi_app.pages.view import View
from pulse.charts.data import LABELS
from pulse.comparison import Outcomes
from pulse.daily_counts import DAY, DailyCounts
from pulse.problems import Problem
from pulse.pypistats import NULL_CATEGORY
from pulse.questions import OTHER, Answer, Breakdown
from pulse.series import category_order

LEAST_SHARE: Final = 0.01
"""A category that is smaller than this in every package is part of `other`."""

LEAST_OTHER: Final = 0.001
"""A smaller `other` is left out."""

_TITLES: Final = {
    Breakdown.PYTHON_MINOR: "Python versions",
    Breakdown.SYSTEM: "Operating systems",
}


class ShareRow(NamedTuple):
    """A category, and its share of each package's downloads, from 0 to 1; None where none is known."""

    label: str
    shares: Sequence[float | None]


def share_sections(view: View, figures: Figures) -> list[h.Element]:
    """A section for each breakdown."""
    return [
        _section(view, figures, breakdown, outcomes)
        for breakdown, outcomes in figures.breakdowns.items()
    ]


def share_rows(outcomes: Sequence[Answer], start: dt.date) -> list[ShareRow]:
    """The categories of packages from the day `start` on: the newest version or the largest share first.

    Small ones are summed up; the unknown and the others come last. Empty if nothing was downloaded.
    """
    columns = [_split(one, start) if isinstance(one, DailyCounts) else {} for one in outcomes]
    names = {
        name
        for column in columns
        for name, share in column.items()
        if share >= LEAST_SHARE and name not in {OTHER, NULL_CATEGORY}
    }
    if all(name[:1].isdigit() for name in names):
        ordered = sorted(names, key=category_order, reverse=True)
    else:
        ordered = sorted(names, key=lambda name: -sum(column.get(name, 0) for column in columns))
    rows = [_row(columns, name) for name in [*ordered, NULL_CATEGORY]]
    named = [*names, NULL_CATEGORY]
    rest = [
        1 - sum(column.get(name, 0) for name in named) if column else None for column in columns
    ]
    rows.append(ShareRow(OTHER, rest))
    return [row for row in rows if any((share or 0) >= LEAST_OTHER for share in row.shares)]


def _row(columns: Sequence[Mapping[str, float]], name: str) -> ShareRow:
    shares = [column.get(name, 0.0) if column else None for column in columns]
    return ShareRow(LABELS.get(name, name), shares)


def _split(counts: DailyCounts, start: dt.date) -> dict[str, float]:
    """The share of each category in the range; empty without downloads."""
    days = (counts.as_of - start) // DAY + 1
    sums = Counter({name: counts.of(name).until(counts.as_of, days) for name in counts.counts})
    total = sums.total()
    return {name: count / total for name, count in sums.items()} if total else {}


def _section(
    view: View,
    figures: Figures,
    breakdown: Breakdown,
    outcomes: Outcomes,
) -> h.Element:
    title, heading_id = _TITLES[breakdown], f"by-{breakdown}"
    rows = share_rows(list(outcomes.values()), figures.start)
    problems = [(name, one) for name, one in outcomes.items() if isinstance(one, Problem)]
    parts: list[h.Node] = []
    if rows and len(view.packages) == 1:
        (counts,) = (one for one in outcomes.values() if isinstance(one, DailyCounts))
        parts.append(split_figure(view, figures, breakdown, counts))
    if rows:
        parts.append(_table(title, [words.package(name) for name in outcomes], rows))
    elif not problems:
        parts.append(h.p["Nothing was downloaded without mirrors in this range."])
    return h.section(aria_labelledby=heading_id)[
        h.h2(id=heading_id)[title],
        parts,
        [h.p(".problem")[h.strong[name], ": ", problem.detail] for name, problem in problems],
    ]


def _table(title: str, names: Sequence[str], rows: Sequence[ShareRow]) -> h.Element:
    """Categories down, packages across; it scrolls if there are many packages."""
    return h.div(".scroll", tabindex="0", role="group", aria_label=title)[
        h.table(".shares")[
            h.thead[
                h.tr[
                    h.th(scope="col")[h.span(".hidden")["Category"]],
                    [h.th(scope="col")[name] for name in names],
                ]
            ],
            h.tbody[
                [
                    h.tr[
                        h.th(scope="row")[row.label],
                        [
                            h.td[_bar(share, number), words.share(share)]
                            for number, share in enumerate(row.shares)
                        ],
                    ]
                    for row in rows
                ]
            ],
        ]
    ]


def _bar(share: float | None, number: int) -> h.Element:
    """The share as the length of a bar, in the colour of the package."""
    return h.svg(".chart.bar", viewbox="0 0 100 1", preserveaspectratio="none", aria_hidden="true")[
        h.rect(".track", width="100", height="1"),
        h.rect(class_=f"f{number}", width=f"{100 * (share or 0):.1f}", height="1"),
    ]
