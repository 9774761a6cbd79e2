"""The checked rows of a file, in a temporary SQLite database: in order, and without memory for them all."""

import datetime as dt
import sqlite3
from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

from pulse.history import Cell, Cells
from pulse.names import PackageName
from pulse.questions import Breakdown, Question
from tools.backfill.rows import Row

_CREATE = """
    CREATE TABLE rows (
        package TEXT, breakdown TEXT, day TEXT, category TEXT, downloads INTEGER,
        PRIMARY KEY (package, breakdown, day, category)
    ) WITHOUT ROWID
"""


class Year(NamedTuple):
    """The rows of a package's breakdown in one year: what is written at once."""

    question: Question
    cells: Cells


class Staged:
    """Rows by package, breakdown, category and day. SQLite deletes the database when it is closed."""

    def __init__(self) -> None:
        self._rows = sqlite3.connect("", isolation_level=None)
        self._rows.execute("BEGIN")
        self._rows.execute(_CREATE)

    def add(self, row: Row) -> None:
        """Add a row; the same one again changes nothing.

        Raises:
            ValueError: another row has other downloads for this day.
        """
        key = (
            row.question.package,
            row.question.breakdown,
            row.cell.day.isoformat(),
            row.cell.category,
        )
        insert = "INSERT OR IGNORE INTO rows VALUES (?, ?, ?, ?, ?)"
        if self._rows.execute(insert, (*key, row.downloads)).rowcount:
            return
        select = (
            "SELECT downloads FROM rows WHERE (package, breakdown, day, category) = (?, ?, ?, ?)"
        )
        (other,) = self._rows.execute(select, key).fetchone()
        if other != row.downloads:
            raise ValueError(
                f"the same day has {other} downloads in another row, and {row.downloads} here"
            )

    def __len__(self) -> int:
        """The number of years."""
        select = (
            "SELECT count(*) FROM (SELECT DISTINCT package, breakdown, substr(day, 1, 4) FROM rows)"
        )
        (count,) = self._rows.execute(select).fetchone()
        return int(count)

    def __iter__(self) -> Iterator[Year]:
        """The years, ordered by package, breakdown and time."""
        rows = self._rows.execute("SELECT * FROM rows ORDER BY package, breakdown, day")
        for (package, breakdown, _), group in groupby(rows, lambda row: (*row[:2], row[2][:4])):
            cells = {
                Cell(category, dt.date.fromisoformat(day)): downloads
                for _, _, day, category, downloads in group
            }
            yield Year(Question(PackageName.parse(package), Breakdown(breakdown)), cells)

    def close(self) -> None:
        """Delete all rows."""
        self._rows.close()
