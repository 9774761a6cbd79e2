"""The invented numbers: what each package was downloaded on each day, and the rows made of it.

Every number is a pure function of package and day, drawn by `chance`; no number changes when the
clock moves on, the window only shows other days.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from tools.fake_pypistats import mix
from tools.fake_pypistats.chance import chance
from tools.fake_pypistats.packages import (
    AGE_IN_DAYS,
    ALL_OF_PYPI,
    DOWNLOADS_PER_DAY,
    RETIRED,
    RETIRED_DAYS,
    years_since_reference,
)
from tools.fake_pypistats.window import WINDOW_DAYS, days_until

if TYPE_CHECKING:
    from datetime import date

#: How many days each period of `recent` looks back.
RECENT_DAYS: Final = {"day": 1, "week": 7, "month": 30}

_GROWTH_PER_YEAR: Final = 0.22
_LEAST_SIZE: Final = 0.1  # however long before the reference day
_TREND_DAYS: Final = 500  # a package's own ups and downs come and go in this time
_TREND_SWING: Final = 0.15
_SATURDAY: Final = 5
_NOISE: Final = 0.04
_SMALL_NUMBER_NOISE: Final = 1.2  # divided by the root of the mean: few downloads jump about more

_MIRROR_SHARE: Final = 0.004
_MIRROR_VISITS: Final = 0.7  # on so many days mirrors come by and fetch all files there are

#: In every stretch of so many days, each package loses one day on all endpoints.
_PACKAGE_LOSES_EVERY_DAYS: Final = 60

#: In every stretch of so many days, one day is lost for all packages.
_ALL_LOSE_EVERY_DAYS: Final = 60


class Row(NamedTuple):
    """One row of a series: `downloads` of `category` on the UTC day `date` (YYYY-MM-DD)."""

    category: str
    date: str
    downloads: int


class _Character(NamedTuple):
    """What a package keeps all its life, whatever the day.

    Attributes:
        phase: Where in its ups and downs it is, in turns.
        dip: What it loses on a day of the weekend, as a share.
        files: How many files it has for mirrors to fetch.
    """

    phase: float
    dip: float
    files: float


@lru_cache(maxsize=512)
def _character(package: str) -> _Character:
    return _Character(
        phase=chance(package, "trend"),
        dip=0.15 + 0.3 * chance(package, "weekend"),
        files=3 + 30 * chance(package, "files"),
    )


@lru_cache(maxsize=4096)  # all endpoints of a package ask for the same days
def without_mirrors(package: str, day: date) -> int:
    """Count the downloads by people and machines, mirrors left out; 0 on a day without any."""
    ordinal = day.toordinal()
    phase, dip, _ = _character(package)
    trend = math.sin(2 * math.pi * (ordinal / _TREND_DAYS + phase))
    rhythm = 1 - dip if day.weekday() >= _SATURDAY else 1 + dip * 2 / 5
    growth = max(_LEAST_SIZE, 1 + _GROWTH_PER_YEAR * years_since_reference(day))
    mean = DOWNLOADS_PER_DAY[package] * growth * (1 + _TREND_SWING * trend) * rhythm
    spread = _NOISE + _SMALL_NUMBER_NOISE / math.sqrt(mean + 1)
    noise = spread * (2 * chance(package, ordinal, "noise") - 1)
    return max(0, round(mean * (1 + noise)))


def mirrors(package: str, day: date, downloads: int) -> int:
    """Count the downloads by mirrors, at least one on a day with other downloads."""
    ordinal = day.toordinal()
    visited = chance(package, ordinal, "visit") < _MIRROR_VISITS
    files = _character(package).files if visited else 0.0
    fetched = (files + _MIRROR_SHARE * downloads) * (0.5 + chance(package, ordinal, "mirrors"))
    return max(1 if downloads else 0, round(fetched))


def is_lost(package: str, day: date) -> bool:
    """Tell whether pypistats.org lost this day for this package."""
    ordinal = day.toordinal()
    if ordinal == _lost_ordinal("all at once", _ALL_LOSE_EVERY_DAYS, ordinal):
        return True
    return package != ALL_OF_PYPI and ordinal == _lost_ordinal(
        package, _PACKAGE_LOSES_EVERY_DAYS, ordinal
    )


def counts(package: str, endpoint: str, day: date) -> dict[str, int]:
    """Count a day's downloads by category.

    Args:
        package: A name from `DOWNLOADS_PER_DAY`.
        endpoint: `overall`, `python_major`, `python_minor` or `system`.
        day: A UTC day.

    Returns:
        Downloads by category, in no promised order. A category without downloads is missing, and
        a lost day is empty.
    """
    if is_lost(package, day):
        return {}
    downloads = without_mirrors(package, day)
    if endpoint == "overall":
        fetched = downloads + mirrors(package, day, downloads)
        both = {"with_mirrors": fetched, "without_mirrors": downloads}
        return {category: count for category, count in both.items() if count}
    if endpoint == "system":
        return mix.system(package, day, downloads)
    minor = mix.python_minor(package, day, downloads)
    return minor if endpoint == "python_minor" else mix.python_major(minor)


def rows(package: str, endpoint: str, newest: date) -> list[Row]:
    """List the rows that a series endpoint holds.

    Args:
        package: A name from `DOWNLOADS_PER_DAY`.
        endpoint: `overall`, `python_major`, `python_minor` or `system`.
        newest: The newest day loaded.

    Returns:
        Rows by category, then date, both as the strings that PostgreSQL sorts: letter case does
        not count there, so `null` and `other` come before `Windows`.
    """
    found: list[Row] = []
    for day in _active_days(package, newest, WINDOW_DAYS):
        date = day.isoformat()
        by_category = counts(package, endpoint, day)
        found += (Row(category, date, downloads) for category, downloads in by_category.items())
    return sorted(found, key=lambda row: (row.category.casefold(), row.date))


def recent(package: str, newest: date) -> dict[str, int]:
    """Sum the downloads without mirrors of the last day, week and month.

    Args:
        package: A name from `DOWNLOADS_PER_DAY`.
        newest: The day that all three end with.

    Returns:
        Downloads by `day`, `week` and `month`; a period without any is missing.
    """
    sums = {
        period: sum(
            counts(package, "overall", day).get("without_mirrors", 0)
            for day in _active_days(package, newest, days)
        )
        for period, days in RECENT_DAYS.items()
    }
    return {period: downloads for period, downloads in sums.items() if downloads}


def _active_days(package: str, newest: date, days: int) -> list[date]:
    """List those of the last `days` days on which a package may have downloads, oldest first."""
    last = days_until(newest, min(days, AGE_IN_DAYS.get(package, days)))
    return last[:-RETIRED_DAYS] if package == RETIRED else last


@lru_cache(maxsize=4096)
def _lost_in_stretch(who: str, stretch: int, length: int) -> int:
    return stretch * length + int(length * chance("lost", who, stretch))


def _lost_ordinal(who: str, length: int, ordinal: int) -> int:
    return _lost_in_stretch(who, ordinal // length, length)
