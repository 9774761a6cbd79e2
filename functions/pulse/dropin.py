"""pypistats.org's own answers, made from what was fetched unfiltered: the drop-in's bodies.

Keys, rows and their order are upstream's. Where there is something to say, a body says it in a key
more, which upstream does not have: `stale`, and `source` if the figures are invented.
"""

import datetime as dt
from collections.abc import Collection
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt

from pulse.analysis import MONTH_DAYS, WEEK_DAYS, daily_downloads, downloads_until
from pulse.models import STALE, FetchedRows, Normalised, PyPIResponseData
from pulse.names import PackageName
from pulse.omission import is_none
from pulse.pypistats import Endpoint

RecentPeriod = Literal["day", "week", "month"]


Simulated = Annotated[
    Literal["simulated"] | None,
    Field(description="There if the figures are invented.", exclude_if=is_none),
]
Stale = Annotated[
    Literal[True] | None,
    Field(description=STALE, exclude_if=is_none),
]
Count = Annotated[
    NonNegativeInt | None,
    Field(description="Downloads; there if this period was asked for.", exclude_if=is_none),
]


class UpstreamSeries(PyPIResponseData):
    """The answer of `overall`, `python_major`, `python_minor` and `system`.

    Rows are ordered by category, then date.
    """

    package: Normalised
    type: Annotated[
        Literal[
            "overall_downloads",
            "python_major_downloads",
            "python_minor_downloads",
            "system_downloads",
        ],
        Field(description="The endpoint's name and `_downloads`."),
    ]
    source: Simulated = None
    stale: Stale = None


class RecentCounts(BaseModel):
    """Downloads without mirrors in the last 1, 7 and 30 days; only those asked for are there."""

    model_config = ConfigDict(frozen=True)

    last_day: Count = None
    last_month: Count = None
    last_week: Count = None


class UpstreamRecent(BaseModel):
    """The answer of `recent`."""

    model_config = ConfigDict(frozen=True)

    data: RecentCounts
    package: Normalised
    type: Annotated[
        Literal["recent_downloads"], Field(description="The endpoint's name and `_downloads`.")
    ] = "recent_downloads"
    source: Simulated = None
    stale: Stale = None


def upstream_series(
    package: PackageName,
    endpoint: Endpoint,
    fetched: FetchedRows,
    categories: Collection[str] | None = None,
) -> UpstreamSeries:
    """The rows of an endpoint, all or those of `categories`, whose case does not matter."""
    wanted = None if categories is None else {category.casefold() for category in categories}
    return UpstreamSeries(
        data=[r for r in fetched.rows if wanted is None or r.category.casefold() in wanted],
        package=package,
        type=f"{endpoint}_downloads",
        source=_simulated(fetched),
        stale=fetched.stale or None,
    )


def upstream_recent(
    package: PackageName,
    fetched: FetchedRows,
    *,
    as_of: dt.date,
    period: RecentPeriod | None = None,
) -> UpstreamRecent:
    """Downloads in the days that end at `as_of`, from the rows of `overall`.

    `as_of` is the newest day that upstream has loaded, which this package may have no row for.
    """
    daily = daily_downloads(fetched.rows, "without_mirrors")
    days: dict[RecentPeriod, int] = {"day": 1, "week": WEEK_DAYS, "month": MONTH_DAYS}
    counts = {
        f"last_{one}": downloads_until(daily, as_of, days[one])
        for one in days
        if period in {None, one}
    }
    return UpstreamRecent(
        data=RecentCounts.model_validate(counts),
        package=package,
        source=_simulated(fetched),
        stale=fetched.stale or None,
    )


def _simulated(fetched: FetchedRows) -> Literal["simulated"] | None:
    return "simulated" if fetched.source == "simulated" else None
