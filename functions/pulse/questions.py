"""Questions: what can be asked of a source."""

from enum import StrEnum
from typing import NamedTuple

from pulse.names import PackageName


class Breakdown(StrEnum):
    """What downloads are broken down by."""

    OVERALL = "overall"
    PYTHON_MAJOR = "python_major"
    PYTHON_MINOR = "python_minor"
    SYSTEM = "system"


class Question(NamedTuple):
    """The daily downloads of one package in one breakdown."""

    package: PackageName
    breakdown: Breakdown
