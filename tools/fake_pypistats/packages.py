"""The packages that the fake knows, and how much each is downloaded.

The numbers in packages.csv are invented: believable downloads per day around `REFERENCE_DAY`, without mirrors.
"""

import csv
from datetime import date
from pathlib import Path
from typing import Final

#: The day on which packages have these sizes, and their downloads the shares in `shares`.
REFERENCE_DAY: Final = date(2026, 1, 1)

_YEAR_DAYS: Final = 365.25

#: The sum over all of PyPI.
ALL_OF_PYPI: Final = "__all__"

#: First released a month and a half ago.
NEWCOMER: Final = "pulse-newcomer"

#: First released four days ago: no whole week.
DEBUT: Final = "pulse-debut"

#: Some days have no downloads, and some only a mirror's.
HERMIT: Final = "pulse-hermit"

#: Only mirrors download it: it has rows on `overall` alone, all of them `with_mirrors`.
MIRRORED: Final = "pulse-mirrored"

#: Not downloaded for `RETIRED_DAYS`.
RETIRED: Final = "pulse-retired"
RETIRED_DAYS: Final = 100

#: Age in days, first and newest day included. It is the same on any day, so they stay young.
AGE_IN_DAYS: Final[dict[str, int]] = {NEWCOMER: 45, DEBUT: 4}


def _ordinary_packages() -> dict[str, float]:
    with (Path(__file__).parent / "packages.csv").open(newline="", encoding="ascii") as file:
        return {name: float(downloads) for name, downloads in csv.reader(file)}


#: Downloads per day without mirrors, for every name that is not a 404.
DOWNLOADS_PER_DAY: Final[dict[str, float]] = {
    ALL_OF_PYPI: 3_600_000_000,
    **_ordinary_packages(),
    NEWCOMER: 8_400,
    DEBUT: 310,
    MIRRORED: 0,
    RETIRED: 5_000,
    HERMIT: 0.8,
}


def years_since_reference(day: date) -> float:
    """Years from `REFERENCE_DAY` to this day, negative before it."""
    return (day - REFERENCE_DAY).days / _YEAR_DAYS
