"""The checked rows of a file, in a temporary SQLite database: in order, and without memory for them all."""

import datetime as dt
import sqlite3
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Final, NamedTuple

from pulse.history import Cell, Cells
from pulse.names import PackageName
from pulse.questions import Breakdown, Question
from tools.backfill.rows import Expected, Record, Row, Unreadable

MAX_ERRORS: Final = 10
"""Errors that are reported; then the file is not read on."""

_CREATE: Final = """
    CREATE TABLE rows (
        package TEXT, breakdown TEXT, year INTEGER, day TEXT, category TEXT, downloads INTEGER,
        PRIMARY KEY (package, breakdown, year, day, category)
    ) WITHOUT ROWID
"""
_INSERT: Final = "INSERT OR IGNORE INTO rows VALUES (?, ?, ?, ?, ?, ?)"
_FIND: Final = """
    SELECT downloads FROM rows
    WHERE package = ? AND breakdown = ? AND year = ? AND day = ? AND category = ?
"""
_COUNT: Final = "SELECT count(*) FROM (SELECT DISTINCT package, breakdown, year FROM rows)"
_ALL: Final = "SELECT * FROM rows ORDER BY package, breakdown, year, day, category"


class Year(NamedTuple):
    """The rows of a package's breakdown in one year: what is written at once."""

    question: Question
    cells: Cells


class Staged:
    """Rows by package, breakdown, category and day. SQLite deletes them when it is closed."""

    def __init__(self) -> None:
        self._rows = sqlite3.connect("", isolation_level=None)
        self._rows.execute("BEGIN")
        self._rows.execute(_CREATE)

    def add_all(self, records: Iterable[Record], expected: Expected) -> list[str]:
        """Check records and add their rows; returns their first errors, with the places."""
        errors: list[str] = []
        try:
            for record in records:
                try:
                    self._add(expected.row(record))
                except ValueError as error:
                    errors.append(f"{record.place}: {error}")
                    if len(errors) == MAX_ERRORS:
                        return [*errors, "The rest was not checked."]
        except Unreadable as error:
            errors.append(str(error))
        return errors

    def __len__(self) -> int:
        """The number of years."""
        (count,) = self._rows.execute(_COUNT).fetchone()
        return int(count)

    def __iter__(self) -> Iterator[Year]:
        """The years, ordered by package, breakdown and time."""
        for (package, breakdown, _), rows in groupby(self._rows.execute(_ALL), lambda row: row[:3]):
            cells = {
                Cell(category, dt.date.fromisoformat(day)): downloads
                for *_, day, category, downloads in rows
            }
            yield Year(Question(PackageName.parse(package), Breakdown(breakdown)), cells)

    def close(self) -> None:
        """Delete all rows."""
        self._rows.close()

    def _add(self, row: Row) -> None:
        """Add a row; the same one again changes nothing.

        Raises:
            ValueError: another row has other downloads for this day.
        """
        category, day = row.cell
        series = row.question.package, row.question.breakdown
        key = (*series, day.year, day.isoformat(), category)
        if self._rows.execute(_INSERT, (*key, row.downloads)).rowcount:
            return
        (other,) = self._rows.execute(_FIND, key).fetchone()
        if other != row.downloads:
            raise ValueError(f"another row has {other} downloads for this day, not {row.downloads}")
