"""The invented numbers: each package's downloads on each day, and the rows made of them.

Every number is a pure function of package and day. None changes when the clock moves on; the window only shows
other days.
"""

import math
from datetime import date
from functools import lru_cache
from typing import Final, NamedTuple

from tools.fake_pypistats import shares
from tools.fake_pypistats.packages import (
    AGE_IN_DAYS,
    ALL_OF_PYPI,
    DOWNLOADS_PER_DAY,
    RETIRED,
    RETIRED_DAYS,
    years_since_reference,
)
from tools.fake_pypistats.seeded_random import seeded_random
from tools.fake_pypistats.window import WINDOW_DAYS, days_until

#: How many days each period of `recent` looks back.
RECENT_DAYS: Final = {"day": 1, "week": 7, "month": 30}

_GROWTH_PER_YEAR: Final = 0.22
_LEAST_SIZE: Final = 0.1  # however long before the reference day
_TREND_DAYS: Final = 500  # the period of a package's ups and downs
_TREND_SWING: Final = 0.15
_SATURDAY: Final = 5
_NOISE: Final = 0.04
_SMALL_NUMBER_NOISE: Final = 1.2  # over the root of the mean: few downloads vary more

_MIRROR_SHARE: Final = 0.004
_MIRROR_VISITS: Final = 0.7  # the share of days on which mirrors fetch all files

#: In every stretch of so many days, each package loses one day on all endpoints.
_PACKAGE_LOSES_EVERY_DAYS: Final = 60

#: In every stretch of so many days, one day is lost for all packages.
_ALL_LOSE_EVERY_DAYS: Final = 60


class Row(NamedTuple):
    """One row of a series: `downloads` of `category` on the UTC day `date` (YYYY-MM-DD)."""

    category: str
    date: str
    downloads: int


@lru_cache(maxsize=4096)  # all endpoints of a package ask for the same days
def without_mirrors(package: str, day: date) -> int:
    """Downloads without mirrors; 0 on a day without any."""
    ordinal = day.toordinal()
    trend = math.sin(2 * math.pi * (ordinal / _TREND_DAYS + seeded_random(package, "trend")))
    dip = 0.15 + 0.3 * seeded_random(package, "weekend")
    rhythm = 1 - dip if day.weekday() >= _SATURDAY else 1 + dip * 2 / 5
    growth = max(_LEAST_SIZE, 1 + _GROWTH_PER_YEAR * years_since_reference(day))
    mean = DOWNLOADS_PER_DAY[package] * growth * (1 + _TREND_SWING * trend) * rhythm
    spread = _NOISE + _SMALL_NUMBER_NOISE / math.sqrt(mean + 1)
    noise = spread * (2 * seeded_random(package, ordinal, "noise") - 1)
    return max(0, round(mean * (1 + noise)))


def is_lost(package: str, day: date) -> bool:
    """Whether pypistats.org lost this day for this package."""
    ordinal = day.toordinal()
    if ordinal == _lost_ordinal("all at once", _ALL_LOSE_EVERY_DAYS, ordinal):
        return True
    return package != ALL_OF_PYPI and ordinal == _lost_ordinal(
        package, _PACKAGE_LOSES_EVERY_DAYS, ordinal
    )


def counts(package: str, endpoint: str, day: date) -> dict[str, int]:
    """A day's downloads by category, in any order.

    A category without downloads is missing, and a lost day is empty. `package` is in `DOWNLOADS_PER_DAY`, and
    `endpoint` is not `recent`.
    """
    return {} if is_lost(package, day) else true_counts(package, endpoint, day)


def true_counts(package: str, endpoint: str, day: date) -> dict[str, int]:
    """As `counts`, also on a day that pypistats.org lost."""
    downloads = without_mirrors(package, day)
    if endpoint == "overall":
        fetched = downloads + _by_mirrors(package, day, downloads)
        both = {"with_mirrors": fetched, "without_mirrors": downloads}
        return {category: count for category, count in both.items() if count}
    if endpoint == "system":
        return shares.system(package, day, downloads)
    minor = shares.python_minor(package, day, downloads)
    return minor if endpoint == "python_minor" else shares.python_major(minor)


def rows(package: str, endpoint: str, newest: date) -> list[Row]:
    """The rows of a series until its newest loaded day; arguments as `counts`.

    They are ordered by category, then date, as PostgreSQL orders strings: case does not count, so `null` and
    `other` come before `Windows`.
    """
    found: list[Row] = []
    for day in active_days(package, newest, WINDOW_DAYS):
        date = day.isoformat()
        by_category = counts(package, endpoint, day)
        found += (Row(category, date, downloads) for category, downloads in by_category.items())
    return sorted(found, key=lambda row: (row.category.casefold(), row.date))


def recent(package: str, newest: date) -> dict[str, int]:
    """Downloads without mirrors by `day`, `week` and `month`, each until `newest`.

    A period without any is missing.
    """
    sums = {
        period: sum(
            counts(package, "overall", day).get("without_mirrors", 0)
            for day in active_days(package, newest, days)
        )
        for period, days in RECENT_DAYS.items()
    }
    return {period: downloads for period, downloads in sums.items() if downloads}


def _by_mirrors(package: str, day: date, downloads: int) -> int:
    """Downloads by mirrors, at least one on a day with others."""
    ordinal = day.toordinal()
    visited = seeded_random(package, ordinal, "visit") < _MIRROR_VISITS
    files = 3 + 30 * seeded_random(package, "files") if visited else 0.0
    fetched = (files + _MIRROR_SHARE * downloads) * (
        0.5 + seeded_random(package, ordinal, "mirrors")
    )
    return max(1 if downloads else 0, round(fetched))


def active_days(package: str, newest: date, days: int) -> list[date]:
    """Those of the `days` days until `newest` on which a package may have downloads, oldest first."""
    last = days_until(newest, min(days, AGE_IN_DAYS.get(package, days)))
    return last[:-RETIRED_DAYS] if package == RETIRED else last


def _lost_ordinal(who: str, length: int, ordinal: int) -> int:
    stretch = ordinal // length
    return stretch * length + int(length * seeded_random("lost", who, stretch))
