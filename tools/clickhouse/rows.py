"""The invented downloads as ClickHouse has them: by version, country, file type, installer, Python and system.

They agree with the fake pypistats.org's: on each day, the sums by Python, by system and by mirror are its figures.
How versions, countries and the rest divide among these is invented here.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from functools import lru_cache
from typing import Final, NamedTuple

from tools.fake_pypistats import data, shares
from tools.fake_pypistats.packages import AGE_IN_DAYS, ALL_OF_PYPI, DOWNLOADS_PER_DAY, HERMIT
from tools.fake_pypistats.seeded_random import seeded_random
from tools.fake_pypistats.window import WINDOW_DAYS, days_until

#: pypistats.org has never heard of it: its last download was in 2017.
ARCHIVED: Final = "pulse-archived"
_ARCHIVED_DAYS: Final = (date(2011, 3, 1), date(2017, 12, 31))

#: Unknown to the fake. Some of its downloads have a Python that pypistats.org drops, such as `3` or `cpython`.
MALFORMED: Final = "pulse-malformed"
_MALFORMED_DAYS: Final = 30

_FEW_PER_DAY: Final = 20
"""The most downloads a day of a package that the fake does not know."""

#: All packages that have rows. None are invented for `__all__`, which is no package but their sum.
PACKAGES: Final = (
    *(name for name in DOWNLOADS_PER_DAY if name != ALL_OF_PYPI),
    ARCHIVED,
    MALFORMED,
)

#: Those with rows since `FIRST_DAY`. Others have them for the days that pypistats.org keeps.
LONG_LIVED: Final = ("requests", HERMIT)
FIRST_DAY: Final = date(2016, 1, 1)

#: On earlier days only a tenth of the downloads were counted.
WHOLE_SINCE: Final = date(2018, 7, 26)

#: The first and last of the days without any row.
LOST: Final = (date(2021, 11, 5), date(2021, 11, 20))

_COUNTED: Final = 0.1
"""The share of the downloads that are counted before `WHOLE_SINCE`, and on an incomplete day."""

#: Installers whose downloads pypistats.org leaves out of `without_mirrors`. It leaves out '' too.
MIRRORS: Final = ("bandersnatch", "z3c.pypimirror", "Artifactory", "devpi")

# What follows are shares, relative to their sum.
_OTHERS: Final = dict(zip((*MIRRORS, ""), (0.60, 0.02, 0.20, 0.08, 0.10), strict=True))
_INSTALLERS: Final = {"pip": 0.70, "uv": 0.22, "poetry": 0.04, "requests": 0.025, "Browser": 0.015}
_TYPES: Final = {"bdist_wheel": 0.93, "sdist": 0.07}
_OLD_TYPES: Final = {"bdist_wheel": 0.60, "sdist": 0.36, "bdist_egg": 0.04}
_LAST_EGGS: Final = date(2020, 12, 31)
#: By ISO 3166 code: the country's name, and its share.
COUNTRIES: Final = {
    "US": ("United States", 0.55),
    "BR": ("Brazil", 0.02),
    "CA": ("Canada", 0.02),
    "CN": ("China", 0.05),
    "DE": ("Germany", 0.08),
    "FR": ("France", 0.03),
    "GB": ("United Kingdom", 0.04),
    "IE": ("Ireland", 0.07),
    "IN": ("India", 0.06),
    "JP": ("Japan", 0.04),
    "KR": ("South Korea", 0.01),
    "NL": ("Netherlands", 0.02),
    "SG": ("Singapore", 0.02),
}
_LARGEST_COUNTRY: Final = "US"
_COUNTRY_UNKNOWN: Final = {"": 0.01}
_OTHER_COUNTRIES: Final = 3
_MALFORMED_PYTHONS: Final = {"3.13": 0.45, "": 0.20, "3": 0.15, "cpython": 0.10, "3.14rc2": 0.10}

#: What pypistats.org calls `other`: one of them each day.
_OTHER_SYSTEMS: Final = ("FreeBSD", "CYGWIN_NT-10.0")

_FIRST_RELEASE: Final = date(2015, 1, 1)
_RELEASED_EVERY_DAYS: Final = (20, 90)
_ADOPTED_IN_DAYS: Final = 10
_PINNED_EVERY: Final = 8


class Row(NamedTuple):
    """So many `downloads` of a package on the UTC day `date` (YYYY-MM-DD) that agree in all columns."""

    project: str
    date: str
    version: str
    country_code: str
    type: str
    installer: str
    python_minor: str
    system: str
    downloads: int


def rows(packages: Iterable[str], newest: date, *, incomplete: bool = False) -> Iterator[Row]:
    """The rows of these packages until `newest`, by package and day.

    With `incomplete`, the newest day has only a tenth of its downloads, as while it is loaded.
    """
    for package in packages:
        active = days(package, newest)
        first_release = _first_release(package, active)
        for day in active:
            counted = day >= WHOLE_SINCE and not (incomplete and day == newest)
            share = 1.0 if counted else _COUNTED
            yield from _Day(package, day, share).rows(_versions(package, day, first_release))


def days(package: str, newest: date) -> list[date]:
    """The days until `newest` on which a package may have rows, oldest first."""
    if package == MALFORMED:
        return days_until(newest, _MALFORMED_DAYS)
    if package == ARCHIVED:
        first, last = _ARCHIVED_DAYS
        return days_until(last, (last - first).days + 1)
    count = (newest - FIRST_DAY).days + 1 if package in LONG_LIVED else WINDOW_DAYS
    lost_from, lost_until = LOST
    active = data.active_days(package, newest, count)
    return [day for day in active if not lost_from <= day <= lost_until]


class _Day:
    """A package's downloads on a day, cut into rows: the same ones each time."""

    def __init__(self, package: str, day: date, share: float) -> None:
        self.package, self.day = package, day
        without_mirrors, with_mirrors = _downloads(package, day)
        self.without_mirrors = int(without_mirrors * share)
        self.others = int((with_mirrors - without_mirrors) * share)
        self._draws = 0

    def rows(self, versions: dict[str, float]) -> Iterator[Row]:
        """The rows, with these shares of the versions, the newest last."""
        types = _TYPES if self.day > _LAST_EGGS else _OLD_TYPES
        if whole := self.without_mirrors:
            columns = (versions, _countries(self.package), types, _INSTALLERS)
            divisions = [self._cut(whole, column) for column in columns]
            yield from self._crossed([*divisions, self._pythons(), self._systems()])
        if whole := self.others:  # the newest version, from one country
            single = [{name: whole} for name in (next(reversed(versions)), _LARGEST_COUNTRY)]
            divisions = [self._cut(whole, column) for column in (types, _OTHERS)]
            yield from self._crossed([*single, *divisions, {"": whole}, {"": whole}])

    def _pythons(self) -> dict[str, int]:
        if self.package == MALFORMED:
            return self._cut(self.without_mirrors, _MALFORMED_PYTHONS)
        found = shares.python_minor(self.package, self.day, self.without_mirrors)
        return {"" if name == shares.UNKNOWN else name: part for name, part in found.items()}

    def _systems(self) -> dict[str, int]:
        found = shares.system(self.package, self.day, self.without_mirrors)
        other = _OTHER_SYSTEMS[self.day.toordinal() % len(_OTHER_SYSTEMS)]
        names = {shares.UNKNOWN: "", "other": other}
        return {names.get(name, name): part for name, part in found.items()}

    def _cut(self, whole: int, weights: Mapping[str, float]) -> dict[str, int]:
        """Parts of `whole` by weight, that add up to it."""
        parts = shares.whole_parts(whole, weights.values(), self._random())
        return {name: part for name, part in zip(weights, parts, strict=True) if part}

    def _crossed(self, divisions: list[dict[str, int]]) -> Iterator[Row]:
        """Rows with the sums of all `divisions`, which divide the same whole.

        Each is laid around one circle, from a random place. Over many days, parts of different divisions meet
        about as often as if they were independent, and each day has few rows.
        """
        known = (self.package, self.day.isoformat())
        whole = sum(divisions[0].values())
        edges = []
        for column, division in enumerate(divisions):
            edge = int(whole * self._random())
            for name, part in division.items():
                edges.append((edge % whole, column, name))
                edge += part
        edges.sort()
        names = [""] * len(divisions)
        for _, column, name in edges:  # the last part of a column goes on where the circle begins
            names[column] = name
        before = 0
        for edge, column, name in edges:
            if edge > before and names[column] != name:
                yield Row._make((*known, *names, edge - before))
                before = edge
            names[column] = name
        yield Row._make((*known, *names, whole - before))

    def _random(self) -> float:
        self._draws += 1
        return seeded_random(self.package, self.day.toordinal(), "clickhouse", self._draws)


def _downloads(package: str, day: date) -> tuple[int, int]:
    """Downloads on a day without mirrors, and with them."""
    if package in DOWNLOADS_PER_DAY:
        overall = data.true_counts(package, "overall", day)
        return overall.get("without_mirrors", 0), overall.get("with_mirrors", 0)
    few = int(_FEW_PER_DAY * seeded_random(package, day.toordinal()))
    return few, few + 1


def _first_release(package: str, active: list[date]) -> date:
    if package in (*AGE_IN_DAYS, ARCHIVED):
        return active[0]
    return _FIRST_RELEASE + timedelta(days=int(365 * seeded_random(package, "first release")))


def _versions(package: str, day: date, first_release: date) -> dict[str, float]:
    """The shares of the versions that are downloaded on a day.

    They are one that many have pinned, and the last three, of which the newest takes ten days to be adopted.
    """
    least, most = _RELEASED_EVERY_DAYS
    every = int(least + (most - least) * seeded_random(package, "releases"))
    newest, age = divmod((day - first_release).days, every)
    adopted = min(1.0, (age + 1) / _ADOPTED_IN_DAYS)
    by_release = {
        newest - newest % _PINNED_EVERY: 0.06,
        newest - 2: 0.10,
        newest - 1: 0.15 + 0.7 * (1 - adopted),
        newest: 0.02 + 0.7 * adopted,
    }
    return {
        f"{1 + release // 10}.{release % 10}.0": share
        for release, share in by_release.items()
        if release >= 0
    }


@lru_cache
def _countries(package: str) -> dict[str, float]:
    """The shares of a package's countries: the largest, a few others, and unknown."""
    others = sorted(
        set(COUNTRIES) - {_LARGEST_COUNTRY},
        key=lambda code: seeded_random(package, "country", code),
    )
    named = (_LARGEST_COUNTRY, *others[:_OTHER_COUNTRIES])
    return {code: COUNTRIES[code][1] for code in named} | _COUNTRY_UNKNOWN
