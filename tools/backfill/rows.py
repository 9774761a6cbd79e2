"""What may be in a row of a file: downloads of a package in one category on one day."""

import datetime as dt
import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from pulse.daily_counts import DAY, Source
from pulse.history import Cell
from pulse.names import PackageName
from pulse.pypistats import MAX_COUNT, NULL_CATEGORY
from pulse.questions import ENDPOINTS, Breakdown, Question

FIRST_DAY: Final = dt.date(2003, 1, 1)
"""PyPI began in this year."""

CATEGORIES: Final[Mapping[Breakdown, tuple[str, str]]] = {
    Breakdown.OVERALL: ("with_mirrors|without_mirrors", "with_mirrors or without_mirrors"),
    Breakdown.PYTHON_MAJOR: (r"[0-9]{1,3}|null", "a version such as 3, or null"),
    Breakdown.PYTHON_MINOR: (r"[0-9]{1,3}\.[0-9]{1,3}|null", "a version such as 3.10, or null"),
    Breakdown.SYSTEM: ("Darwin|Linux|Windows|other|null", "Darwin, Linux, Windows, other or null"),
}
"""pypistats.org's categories: a pattern, and the words for it."""

MAX_SHOWN: Final = 60
"""How many characters of a wrong value an error repeats."""

_ISO_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class Unreadable(Exception):
    """The file can't be read from a place on; the message names the place and the reason."""


class Record(NamedTuple):
    """Unchecked values and their place in the file, such as `line 7`; or why there are no values."""

    place: str
    package: object = None
    breakdown: object = None
    category: object = None
    date: object = None
    downloads: object = None
    error: str | None = None


class Row(NamedTuple):
    """Downloads of one day."""

    question: Question
    cell: Cell
    downloads: int


class Expected(NamedTuple):
    """What all rows must have: the package and breakdown, if given; the source; and days before `today`."""

    package: PackageName | None
    breakdown: Breakdown | None
    source: Source
    today: dt.date

    def row(self, record: Record) -> Row:
        """The row of a record.

        Raises:
            ValueError: a value is missing, invalid or not the expected one.
        """
        if record.error:
            raise ValueError(record.error)
        package = self._package(record.package)
        breakdown = self._breakdown(record.breakdown)
        category = _category(breakdown, record.category)
        cell = Cell(category, self._day(record.date))
        return Row(Question(package, breakdown), cell, _count(record.downloads))

    def _package(self, name: object) -> PackageName:
        package = self.package if name is None else _package(name)
        if package is None:
            raise ValueError("the package is missing: give it with --package")
        if package != (self.package or package):
            raise ValueError(f"the package must be {self.package}; it is {package}")
        return package

    def _breakdown(self, name: object) -> Breakdown:
        breakdown = self.breakdown if name is None else _breakdown(name)
        if breakdown is None:
            raise ValueError("the breakdown is missing: give it with --breakdown")
        if breakdown != (self.breakdown or breakdown):
            raise ValueError(f"the breakdown must be {self.breakdown}; it is {breakdown}")
        return breakdown

    def _day(self, text: object) -> dt.date:
        day = date_of(text)
        if day is None:
            raise ValueError(f"the date must be a day such as 2026-11-21; it is {shown(text)}")
        if not FIRST_DAY <= day < self.today:
            raise ValueError(
                f"the date must be from {FIRST_DAY} to {self.today - DAY}; it is {day}"
            )
        return day


def date_of(text: object) -> dt.date | None:
    """The date, if it is one."""
    if not isinstance(text, str) or not _ISO_DATE.fullmatch(text):
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None


def shown(value: object) -> str:
    """A wrong value as an error repeats it."""
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "an object"
    text = repr(value)
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"


def _package(name: object) -> PackageName:
    try:
        return PackageName.parse(name if isinstance(name, str) else "")
    except ValueError:
        raise ValueError(f"the package must be a name of PyPI; it is {shown(name)}") from None


def _breakdown(name: object) -> Breakdown:
    if name not in ENDPOINTS:
        names = ", ".join(ENDPOINTS)
        raise ValueError(f"the breakdown must be one of {names}; it is {shown(name)}")
    return Breakdown(str(name))


def _category(breakdown: Breakdown, name: object) -> str:
    name = NULL_CATEGORY if name is None else name  # JSON's null
    pattern, words = CATEGORIES[breakdown]
    if not isinstance(name, str) or not re.fullmatch(pattern, name):
        raise ValueError(f"the category of {breakdown} must be {words}; it is {shown(name)}")
    return name


def _count(value: object) -> int:
    if type(value) is not int or not 0 <= value <= MAX_COUNT:
        raise ValueError(
            f"downloads must be a whole number from 0 to {MAX_COUNT}; it is {shown(value)}"
        )
    return value
