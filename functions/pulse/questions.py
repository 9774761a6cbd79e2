"""Questions that a source of downloads can answer."""

from enum import StrEnum
from typing import NamedTuple

from pulse.names import PackageName


class Breakdown(StrEnum):
    """The dimension that downloads are split by; each is an endpoint of pypistats.org."""

    OVERALL = "overall"
    PYTHON_MAJOR = "python_major"
    PYTHON_MINOR = "python_minor"
    SYSTEM = "system"


class Question(NamedTuple):
    """The daily downloads of one package in one breakdown."""

    package: PackageName
    breakdown: Breakdown
