"""The tables of ClickPy that answers are read from, the smallest first.

Each is a SummingMergeTree with a `count`, whose rows are merged later: a query must sum them up.
"""

import datetime as dt
from collections.abc import Collection
from typing import Final, NamedTuple

from pulse.daily_counts import DAY
from pulse.questions import View

MONTHS_KEPT: Final = 155 * DAY
"""How far back `pypi_downloads_per_month` is complete: it lacks days loaded more than 6 months late."""


class Table(NamedTuple):
    """A table, and the columns that it can be grouped and filtered by besides `project`."""

    name: str
    columns: frozenset[str]

    @property
    def day(self) -> str:
        """The column of the day, or of the first day of the month."""
        return "date" if "date" in self.columns else "month"


def _table(name: str, *columns: str) -> Table:
    return Table(name, frozenset(columns))


TABLES: Final = (
    _table("pypi_downloads"),
    _table("pypi_downloads_per_month", "month"),
    _table("pypi_downloads_by_version", "version"),
    _table("pypi_downloads_per_day", "date", "month"),
    _table("pypi_downloads_per_day_by_version", "version", "date", "month"),
    _table("pypi_downloads_per_day_by_version_by_file_type", "version", "date", "month", "type"),
    _table("pypi_downloads_per_day_by_version_by_system", "version", "date", "month", "system"),
    _table(
        "pypi_downloads_per_day_by_version_by_python", "version", "date", "month", "python_minor"
    ),
    _table(
        "pypi_downloads_per_day_by_version_by_country",
        *("version", "date", "month", "country_code"),
    ),
    # It has a column `type` too, which is not in its key: merges lose it.
    _table(
        "pypi_downloads_per_day_by_version_by_installer_by_type",
        *("version", "date", "month", "installer"),
    ),
    _table(
        "pypi_downloads_per_day_by_version_by_installer_by_type_by_country",
        *("version", "date", "month", "installer", "type", "country_code"),
    ),
)
"""In the order of their sizes. `month` stands for whole months, which days add up to."""


def smallest_table(columns: Collection[str]) -> Table:
    """The first table that has all these columns.

    Raises:
        LookupError: none has.
    """
    for table in TABLES:
        if table.columns.issuperset(columns):
            return table
    raise LookupError(f"no table has {sorted(columns)}")


def days_needed(view: View, today: dt.date) -> set[str]:
    """The columns that select and tell the days of a view: none, whole months, or days."""
    start, end = view.start, view.end
    if view.period == "day":
        return {"date"}
    if start is None and end is None:
        return set()
    if start and end and end < today and today - start < MONTHS_KEPT:
        return {"month"} if start.day == (end + DAY).day == 1 else {"date"}
    return {"date"}
