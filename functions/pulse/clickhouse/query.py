"""The SQL for all questions of a kind: one query for many packages, with a row for each category.

The answer has these columns, and a row for each package, role and category:

- `package`
- `role`: `named` or `other`, for a named category and for the sum of the rest; `whole`, for all downloads
  without mirrors where categories are to be completed by `null`; `first`, for the first day with a row;
  `steady`, once, for the sum of `STEADY` over the newest days.
- `category`: its name, or an empty text.
- `days` and `counts`: the days with a row, as days since 1970, and their downloads. Without days (period
  `all`), the one day is 0.

Everything that comes from a client is a query parameter, never a part of the SQL.
"""

import datetime as dt
from collections.abc import Collection, Mapping
from typing import Final, NamedTuple

from pulse.clickhouse.tables import days_needed, smallest_table
from pulse.daily_counts import DAY
from pulse.names import ALL_OF_PYPI, PackageName
from pulse.questions import FIRST_DAY, Breakdown, Kind, View

MAX_PACKAGES: Final = 250
"""In one query."""

MAX_ROWS: Final = 1_000
MAX_BYTES: Final = 10_000_000
"""The public endpoint's limits for an answer."""

USED_SHARE: Final = 0.9
CELL_BYTES: Final = 10
"""A day and its count, as ClickHouse counts the bytes of an answer."""

MAX_CATEGORIES: Final = {
    Breakdown.OVERALL: 2,
    Breakdown.PYTHON_MAJOR: 4,
    Breakdown.SYSTEM: 4,
    Breakdown.FILE_TYPE: 10,
}
"""How many categories are named without a `limit`; 30 for other breakdowns."""

STEADY: Final = ("boto3", "certifi", "idna", "requests", "setuptools", "urllib3")
"""Packages with many downloads on every day: they tell which days are loaded."""

STEADY_DAYS: Final = 15

_MIRRORS: Final = ("bandersnatch", "z3c.pypimirror", "Artifactory", "devpi")
"""What pypistats.org leaves out; an unknown installer, here an empty text, is left out with them."""

_NO_MIRROR: Final = f"installer NOT IN {(*_MIRRORS, '')}"

_MORE_ROWS: Final = 2
"""Beside those of the named categories: `other` and `whole`."""

_COLUMNS: Final = {
    Breakdown.VERSION: "version",
    Breakdown.COUNTRY: "country_code",
    Breakdown.INSTALLER: "installer",
    Breakdown.FILE_TYPE: "type",
    Breakdown.PACKAGE: "project",
    Breakdown.PYTHON_MAJOR: "python_minor",
    Breakdown.PYTHON_MINOR: "python_minor",
    Breakdown.SYSTEM: "system",
}

_PYPISTATS_CATEGORIES: Final = {
    Breakdown.PYTHON_MAJOR: r"extract(python_minor, '^([0-9]+)\\.[0-9]+')",
    Breakdown.PYTHON_MINOR: r"extract(python_minor, '^[0-9]+\\.[0-9]+')",
    Breakdown.SYSTEM: "if(system IN ('Windows', 'Linux', 'Darwin', ''), system, 'other')",
}
"""pypistats.org's categories; what has none (an empty text) is counted as `null`, with the rest."""

COMPLETED: Final = frozenset(_PYPISTATS_CATEGORIES)
"""The breakdowns whose categories are completed by `null`, up to all downloads without mirrors."""


class Query(NamedTuple):
    """The text of a query, and its parameters by name, each in the form that ClickHouse reads."""

    sql: str
    parameters: Mapping[str, str]


class _Part(NamedTuple):
    """A category as SQL, what it needs, and whether downloads by mirrors are left out."""

    category: str
    columns: frozenset[str]
    without_mirrors: bool = False


def capacity(kind: Kind, today: dt.date) -> int:
    """How many packages fit into one query."""
    if kind.breakdown is Breakdown.OVERALL:
        rows = len(_parts(kind))
    else:
        rows = _limit(kind, today) + _MORE_ROWS
    by_rows = (MAX_ROWS - 1) // (rows + 1)  # with `first`
    return max(1, min(MAX_PACKAGES, by_rows, _most_rows(kind.view, today) // rows))


def build_query(kind: Kind, packages: Collection[PackageName], today: dt.date) -> Query:
    """The query for the questions of a kind about these packages; at most `capacity`."""
    view = kind.view
    selects = [_categories(kind, today), _first(kind), _steady()]
    if kind.breakdown in COMPLETED:
        selects.append(_whole(view, today))
    start, end = _days(view, today)
    parameters = {
        "packages": _array(packages),
        "steady": _array(STEADY),
        "limit": str(_limit(kind, today)),
        "start": start.isoformat(),
        "end": end.isoformat(),
        **({"version": _escaped(view.version)} if view.version is not None else {}),
    }
    return Query("\nUNION ALL\n".join(selects), parameters)


def _categories(kind: Kind, today: dt.date) -> str:
    parts = "\nUNION ALL\n".join(_cells(part, kind, today) for part in _parts(kind))
    return f"""\
SELECT package, role, name AS category, summed.1 AS days, summed.2 AS counts
FROM (
    SELECT package, if(place <= {{limit:UInt32}}, 'named', 'other') AS role,
        if(role = 'named', category, '') AS name, sumMap(category_days, category_counts) AS summed
    FROM (
        SELECT package, category, groupArray(day) AS category_days,
            groupArray(downloads) AS category_counts,
            row_number() OVER (
                PARTITION BY package ORDER BY sum(downloads) DESC, category
            ) AS place
        FROM (
{parts}
        )
        GROUP BY package, category
    )
    GROUP BY package, role, name
)"""


def _parts(kind: Kind) -> list[_Part]:
    breakdown, (*_, mirrors, _) = kind
    if breakdown is Breakdown.OVERALL:
        both = [
            _Part("'with_mirrors'", frozenset()),
            _Part("'without_mirrors'", frozenset(), without_mirrors=True),
        ]
        return both if mirrors is None else [both[not mirrors]]
    column = _COLUMNS[breakdown]
    if breakdown in COMPLETED:
        return [_Part(_PYPISTATS_CATEGORIES[breakdown], frozenset({column}))]
    needed = frozenset() if column == "project" else frozenset({column})
    return [_Part(column, needed, without_mirrors=mirrors is False)]


def _cells(part: _Part, kind: Kind, today: dt.date) -> str:
    """The downloads by project, category and day, which all other parts of the query sum up."""
    view = kind.view
    columns = part.columns | days_needed(view, today)
    conditions = []
    if part.without_mirrors:
        columns |= {"installer"}
        conditions.append(_NO_MIRROR)
    if view.version is not None:
        columns |= {"version"}
        conditions.append("version = {version:String}")
    table = smallest_table(columns)
    project = "project"
    if kind.breakdown is Breakdown.PACKAGE:
        project = f"'{ALL_OF_PYPI}'"
    else:
        conditions.append("project IN {packages:Array(String)}")
    if view.start:
        conditions.append(f"{table.day} >= {{start:Date}}")
    if view.end:
        conditions.append(f"{table.day} <= {{end:Date}}")
    if kind.breakdown in COMPLETED:
        conditions.append("category != ''")
    day = table.day if view.period == "day" else "0"
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    return f"""\
            SELECT {project} AS package, {part.category} AS category, toUInt16({day}) AS day,
                toUInt64(sum(count)) AS downloads
            FROM {table.name} {where}
            GROUP BY package, category, day"""


def _whole(view: View, today: dt.date) -> str:
    overall = Kind(Breakdown.OVERALL, view._replace(mirrors=False))
    (part,) = _parts(overall)
    return f"""\
SELECT package, 'whole', '', summed.1, summed.2
FROM (
    SELECT package, sumMap([day], [downloads]) AS summed
    FROM (
{_cells(part, overall, today)}
    )
    GROUP BY package
)"""


def _first(kind: Kind) -> str:
    if kind.breakdown is Breakdown.PACKAGE:
        return f"""\
SELECT '{ALL_OF_PYPI}', 'first', '', [toUInt16(min(min_date))], [toUInt64(0)]
FROM pypi_downloads_max_min"""
    return """\
SELECT project, 'first', '', [toUInt16(min(min_date))], [toUInt64(0)]
FROM pypi_downloads_max_min WHERE project IN {packages:Array(String)} GROUP BY project"""


def _steady() -> str:
    return f"""\
SELECT '', 'steady', '', summed.1, summed.2
FROM (
    SELECT sumMap([day], [downloads]) AS summed
    FROM (
        SELECT toUInt16(date) AS day, toUInt64(sum(count)) AS downloads
        FROM pypi_downloads_per_day WHERE project IN {{steady:Array(String)}}
        GROUP BY date ORDER BY date DESC LIMIT {STEADY_DAYS}
    )
)"""


def _limit(kind: Kind, today: dt.date) -> int:
    """How many categories are named; at most as many as fit into the answer for one package."""
    limit = kind.view.limit or MAX_CATEGORIES.get(kind.breakdown, 30)
    return min(limit, MAX_ROWS - 5, _most_rows(kind.view, today) - _MORE_ROWS)


def _most_rows(view: View, today: dt.date) -> int:
    """How many rows fit into an answer if each has a count for every day."""
    start, end = _days(view, today)
    days = max(1, (end - start).days + 1) if view.period == "day" else 1
    return int(USED_SHARE * MAX_BYTES / (CELL_BYTES * days))


def _days(view: View, today: dt.date) -> tuple[dt.date, dt.date]:
    """The first and the last day, limited to days that can have rows: ClickHouse's dates begin in 1970."""
    start, end = view.start or FIRST_DAY, view.end or today
    return min(max(start, FIRST_DAY), today + DAY), min(max(end, FIRST_DAY - DAY), today)


def _array(texts: Collection[str]) -> str:
    """An array of texts as ClickHouse's literal."""
    escaped = (text.replace("\\", "\\\\").replace("'", "\\'") for text in texts)
    quoted = ",".join(f"'{text}'" for text in escaped)
    return f"[{quoted}]"


def _escaped(text: str) -> str:
    """A text as the value of a String parameter, in which a backslash, tab and newline are escaped."""
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")
