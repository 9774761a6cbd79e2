"""Response bodies of the drop-in API, in pypistats.org's own format.

Keys, rows and their order match upstream. Two keys are added when they apply: `stale`, and `source` for
simulated figures.
"""

from collections.abc import Collection
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt

from pulse.daily_counts import DailyCounts
from pulse.models import STALE, DailyDownloads, Normalised, Period, PyPIResponseData
from pulse.names import PackageName
from pulse.questions import Breakdown
from pulse.stats import MONTH_DAYS, WEEK_DAYS

Simulated = Annotated[
    Literal["simulated"] | None,
    Field(
        description="Present only if the figures are simulated.",
        exclude_if=lambda value: value is None,
    ),
]
Stale = Annotated[
    Literal[True] | None,
    Field(description=STALE, exclude_if=lambda value: value is None),
]
Count = Annotated[
    NonNegativeInt | None,
    Field(
        description="Downloads; present only if this period was requested.",
        exclude_if=lambda value: value is None,
    ),
]


class UpstreamSeries(PyPIResponseData):
    """The response of `overall`, `python_major`, `python_minor` and `system`.

    Rows are ordered by category, then by date.
    """

    package: Normalised
    type: Annotated[
        Literal[
            "overall_downloads",
            "python_major_downloads",
            "python_minor_downloads",
            "system_downloads",
        ],
        Field(description="The endpoint's name, followed by `_downloads`."),
    ]
    source: Simulated = None
    stale: Stale = None


class RecentCounts(BaseModel):
    """Downloads without mirrors in the last 1, 7 and 30 days; only the requested periods."""

    model_config = ConfigDict(frozen=True)

    last_day: Count = None
    last_month: Count = None
    last_week: Count = None


class UpstreamRecent(BaseModel):
    """The response of `recent`."""

    model_config = ConfigDict(frozen=True)

    data: RecentCounts
    package: Normalised
    type: Annotated[
        Literal["recent_downloads"],
        Field(description="The endpoint's name, followed by `_downloads`."),
    ] = "recent_downloads"
    source: Simulated = None
    stale: Stale = None


def upstream_series(
    package: PackageName,
    breakdown: Breakdown,
    counts: DailyCounts,
    categories: Collection[str] | None = None,
) -> UpstreamSeries:
    """The rows of an endpoint: all, or those of `categories` (case-insensitive)."""
    wanted = None if categories is None else {category.casefold() for category in categories}
    return UpstreamSeries(
        data=[
            DailyDownloads.model_construct(category=category, date=day, downloads=downloads)
            for category, day, downloads in counts.rows()
            if wanted is None or category.casefold() in wanted
        ],
        package=package,
        type=f"{breakdown}_downloads",
        source=_simulated(counts),
        stale=counts.stale or None,
    )


def upstream_recent(
    package: PackageName, counts: DailyCounts, period: Period | None = None
) -> UpstreamRecent:
    """Downloads in the last days up to `as_of`, from `overall` counts; all periods by default."""
    without_mirrors = counts.overall(mirrors=False)
    days: dict[Period, int] = {"day": 1, "week": WEEK_DAYS, "month": MONTH_DAYS}
    sums = {
        f"last_{name}": without_mirrors.until(counts.as_of, number)
        for name, number in days.items()
        if period in {None, name}
    }
    return UpstreamRecent(
        data=RecentCounts.model_validate(sums),
        package=package,
        source=_simulated(counts),
        stale=counts.stale or None,
    )


def _simulated(counts: DailyCounts) -> Literal["simulated"] | None:
    return "simulated" if counts.source == "simulated" else None
