"""Questions that a source of downloads can answer.

A plain question, without a `View`, is for the whole window of pypistats.org. With a view it is for ClickHouse,
which selects and sums up:

    Question(package, Breakdown.VERSION, View(start=start, mirrors=True, limit=10))

Both are answered by daily counts, in the categories of the breakdown.
"""

import datetime as dt
import json
from enum import StrEnum
from typing import Final, Literal, NamedTuple, Self

from pulse.daily_counts import DailyCounts
from pulse.names import ALL_OF_PYPI, PackageName
from pulse.problems import CLICKHOUSE, PYPISTATS, Problem


class Breakdown(StrEnum):
    """The dimension that downloads are split by; the first four are endpoints of pypistats.org."""

    OVERALL = "overall"
    PYTHON_MAJOR = "python_major"
    PYTHON_MINOR = "python_minor"
    SYSTEM = "system"
    VERSION = "version"
    COUNTRY = "country"
    INSTALLER = "installer"
    FILE_TYPE = "file_type"
    PACKAGE = "package"
    """All of PyPI by package: for `__all__` alone, which has no other breakdown with a view."""


ENDPOINTS: Final = (
    Breakdown.OVERALL,
    Breakdown.PYTHON_MAJOR,
    Breakdown.PYTHON_MINOR,
    Breakdown.SYSTEM,
)
"""The breakdowns of pypistats.org. None includes mirrors, except `overall`, which has both categories."""

FIRST_DAY: Final = dt.date(2011, 1, 1)
"""ClickHouse has no older days."""

OTHER: Final = "other"
"""The category of all downloads beyond the `limit` largest categories."""


class View(NamedTuple):
    """The part of a package's downloads that a question is about. The default is every day since the first.

    - `start` and `end`: the first and the last day, both included; None for the first day that the source
      has, and for the newest.
    - `period`: `day` for a count for each day; `all` for one count for each category, the sum of all days,
      which is found at the first of them.
    - `version`: only the downloads of this version of the package, of at most 100 characters.
    - `mirrors`: whether downloads by mirrors are included. With `overall`, None is for both categories, and
      a value for one of them. Python versions and systems never include them.
    - `limit`: how many categories are named, the largest ones; the others are summed up as `OTHER`. None for
      as many as a source names.

    A total of all time is `View(period="all")`. Whole months with period `all`, such as the last one, are
    summed up much faster than other days.
    """

    start: dt.date | None = None
    end: dt.date | None = None
    period: Literal["day", "all"] = "day"
    version: str | None = None
    mirrors: bool | None = None
    limit: int | None = None


class Kind(NamedTuple):
    """Everything about a question with a view except its package: a source answers many of a kind at once."""

    breakdown: Breakdown
    view: View

    @property
    def text(self) -> str:
        """The kind as text, the same for equal kinds; `parse` reads it."""
        start, end, *others = self.view
        days = [day and day.isoformat() for day in (start, end)]
        return json.dumps([self.breakdown, *days, *others], separators=(",", ":"))

    @classmethod
    def parse(cls, text: str) -> Self:
        """The kind whose `text` this is."""
        breakdown, start, end, *others = json.loads(text)
        days = (day and dt.date.fromisoformat(day) for day in (start, end))
        return cls(Breakdown(breakdown), View._make([*days, *others]))


class Question(NamedTuple):
    """The daily downloads of one package in one breakdown; with a view, a part of them."""

    package: PackageName
    breakdown: Breakdown
    view: View | None = None

    @property
    def kind(self) -> Kind:
        """Everything but the package."""
        return Kind(self.breakdown, self.view or View())

    @property
    def key(self) -> str:
        """A text that no other question has."""
        key = f"{self.breakdown}#{self.package}"
        return key if self.view is None else f"{key}#{self.kind.text}"

    @property
    def source(self) -> str:
        """The name of the source that it is for, as problems name it."""
        return PYPISTATS if self.view is None else CLICKHOUSE


Answer = DailyCounts | Problem
"""What is known about a question: its daily counts, or why there are none."""

ALL_OVERALL: Final = Question(ALL_OF_PYPI, Breakdown.OVERALL)
"""Its answer shows the newest day that pypistats.org has loaded for all packages."""
