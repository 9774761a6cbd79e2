"""The shares of Python versions and systems in a day's downloads; they add up to the whole."""

from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from itertools import pairwise
from typing import Final

from tools.fake_pypistats.packages import years_since_reference
from tools.fake_pypistats.seeded_random import seeded_random

#: pypistats.org's category for downloads whose installer did not say.
UNKNOWN: Final = "null"

#: The share of downloads on `packages.REFERENCE_DAY`, and its change in a year. Shares are relative to their sum;
#: a version whose share falls below zero is missing.
_PYTHON_MINOR: Final[dict[str, tuple[float, float]]] = {
    "2.7": (0.012, -0.003),
    "3.6": (0.012, -0.004),
    "3.7": (0.025, -0.008),
    "3.8": (0.045, -0.015),
    "3.9": (0.090, -0.030),
    "3.10": (0.150, -0.030),
    "3.11": (0.205, -0.020),
    "3.12": (0.225, 0.010),
    "3.13": (0.150, 0.060),
    "3.14": (0.030, 0.060),
    "3.15": (-0.001, 0.002),
    UNKNOWN: (0.060, 0.0),
}

_SYSTEM: Final[dict[str, tuple[float, float]]] = {
    "Linux": (0.83, 0.0),
    "Darwin": (0.045, 0.0),
    "Windows": (0.06, 0.0),
    "other": (0.0008, 0.0),
    UNKNOWN: (0.06, 0.0),
}

#: Shares stop changing so many years from the reference day, so that none takes all.
_DRIFT_YEARS: Final = 2.0


def python_minor(package: str, day: date, downloads: int) -> dict[str, int]:
    """Divide a day's downloads among the Python versions `3.13`, `2.7`, … and `null`.

    Newer versions gain with the years, and each package leans its own way. Returns downloads by category, none of
    them zero, adding up to `downloads`.
    """
    return _divide(_PYTHON_MINOR, package, day, downloads)


def python_major(minor: dict[str, int]) -> dict[str, int]:
    """Add `python_minor` counts up to the major versions `2`, `3` and `null`."""
    major: dict[str, int] = {}
    for version, downloads in minor.items():
        category = version.partition(".")[0]
        major[category] = major.get(category, 0) + downloads
    return major


def system(package: str, day: date, downloads: int) -> dict[str, int]:
    """Divide a day's downloads among the systems; arguments and result as `python_minor`."""
    return _divide(_SYSTEM, package, day, downloads)


def _divide(
    shares: dict[str, tuple[float, float]], package: str, day: date, downloads: int
) -> dict[str, int]:
    drift = max(-_DRIFT_YEARS, min(_DRIFT_YEARS, years_since_reference(day)))
    leanings = _leanings(package, tuple(shares))
    weights = {
        category: max(0.0, share + per_year * drift) * leaning
        for (category, (share, per_year)), leaning in zip(shares.items(), leanings, strict=True)
    }
    # Seeded by the number of categories too, so that versions and systems are not in step.
    offset = seeded_random(package, day.toordinal(), "mix", len(shares))
    counts = whole_parts(downloads, weights.values(), offset)
    return {category: part for category, part in zip(weights, counts, strict=True) if part}


@lru_cache(maxsize=512)
def _leanings(package: str, categories: tuple[str, ...]) -> list[float]:
    return [0.6 + 0.8 * seeded_random(package, "leaning", category) for category in categories]


def whole_parts(whole: int, weights: Iterable[float], offset: float) -> list[int]:
    """Cut `whole` into integers by weight; the offset in [0, 1) decides who gets the odd ones."""
    parts = list(weights)
    total = sum(parts)
    edges = [0]
    weight = 0.0
    for part in parts[:-1]:
        weight += part
        edges.append(min(whole, int(whole * weight / total + offset)))
    edges.append(whole)
    return [after - before for before, after in pairwise(edges)]
