"""The shapes of what comes from pypistats.org and of what goes out to our callers."""

import datetime as dt
from typing import Annotated, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt

from pulse.names import PackageName
from pulse.problems import ProblemDetails

By = Literal["overall", "python_major", "python_minor", "system"]
"""What downloads are broken down by: the endpoints of pypistats.org."""

Period = Literal["day", "week", "month"]
"""Spans that downloads are summed over; weeks are ISO weeks, which start on Mondays."""

STALE = "True if upstream failed when these figures were due to be asked for again."
"""What `stale` says, wherever it stands."""

Source = Literal["pypistats.org", "simulated"]
"""Where numbers come from; `simulated` ones are invented by the stand-in upstream."""


Normalised = Annotated[PackageName, Field(description="The name, normalised by PEP 503.")]
FromSource = Annotated[
    Source, Field(description="`simulated` figures are invented: never use them.")
]
FetchedAt = Annotated[dt.datetime, Field(description="When upstream was asked, UTC.")]
IsStale = Annotated[bool, Field(description=STALE)]
AsOf = Annotated[
    dt.date, Field(description="The newest day that the source has loaded, for all packages alike.")
]


class DailyDownloads(BaseModel):
    """One row of pypistats.org: a package's downloads in one category on one UTC day."""

    model_config = ConfigDict(frozen=True)

    category: Annotated[
        str, Field(description="As pypistats.org names it; `null` where it is not known.")
    ]
    date: Annotated[dt.date, Field(description="A UTC day.")]
    downloads: Annotated[NonNegativeInt, Field(description="Downloads on that day.")]


class PyPIResponseData(BaseModel):
    """The body of pypistats.org's answer on one endpoint, ordered by category, then date."""

    model_config = ConfigDict(frozen=True)

    data: Annotated[
        list[DailyDownloads], Field(description="A row for each category and day that has one.")
    ]
    package: str
    type: str


class RecentDownloads(BaseModel):
    """pypistats.org's own sums of the last 1, 7 and 30 days, without mirrors."""

    model_config = ConfigDict(frozen=True)

    last_day: NonNegativeInt
    last_month: NonNegativeInt
    last_week: NonNegativeInt


class FetchedRows(BaseModel):
    """The rows of one package and endpoint, with where and when (UTC) they were fetched."""

    model_config = ConfigDict(frozen=True)

    rows: list[DailyDownloads]
    source: Source
    fetched_at: dt.datetime
    stale: bool = False


class Supply(NamedTuple):
    """Rows, the newest day that the source had loaded for all packages, and when they go stale (UTC)."""

    fetched: FetchedRows
    as_of: dt.date
    fresh_until: dt.datetime


class PackageStats(BaseModel):
    """A package's downloads, summed up. Days are UTC days; sums of the last days end at `as_of`."""

    model_config = ConfigDict(frozen=True)

    package: Normalised
    total_downloads: Annotated[int, Field(ge=0, description="All downloads in the window.")]
    latest_date: Annotated[
        dt.date | None, Field(description="The newest day with a row; null if there is none.")
    ]
    first_date: Annotated[
        dt.date | None, Field(description="The oldest day with a row; null if there is none.")
    ]
    as_of: AsOf
    last_day: Annotated[int, Field(ge=0, description="Downloads on `as_of`.")]
    last_week: Annotated[int, Field(ge=0, description="In the 7 days that end at `as_of`.")]
    last_month: Annotated[int, Field(ge=0, description="In the 30 days that end at `as_of`.")]
    weekly_growth: Annotated[
        float | None,
        Field(
            description="The last 7 days over the 7 before, minus 1, over the weekdays that both "
            "weeks have; null where the earlier week is zero or not whole."
        ),
    ]
    missing_dates: Annotated[
        list[dt.date],
        Field(description="Days from `first_date` to `as_of` with no row; they count 0."),
    ]
    mirrors: Annotated[bool, Field(description="Whether downloads by mirrors are counted.")]
    source: FromSource
    fetched_at: FetchedAt
    stale: IsStale


class Point(BaseModel):
    """Downloads in one period."""

    model_config = ConfigDict(frozen=True)

    date: Annotated[dt.date, Field(description="The first day of the period.")]
    downloads: Annotated[NonNegativeInt, Field(description="Downloads in the whole period.")]
    complete: Annotated[
        bool, Field(description="False for a week or month that `start` or `end` cuts.")
    ]


class Series(BaseModel):
    """One category's downloads over time, a point for every period from start to end."""

    model_config = ConfigDict(frozen=True)

    category: Annotated[
        str, Field(description="As pypistats.org names it; `null` where it is not known.")
    ]
    total: Annotated[int, Field(ge=0, description="The sum of all points.")]
    points: Annotated[list[Point], Field(description="Oldest first, with none left out.")]


class DownloadSeries(BaseModel):
    """A package's downloads over time, by category. Days are UTC days."""

    model_config = ConfigDict(frozen=True)

    package: Normalised
    by: Annotated[By, Field(description="What the downloads are broken down by.")]
    period: Annotated[
        Period, Field(description="What they are summed over; weeks start on Mondays.")
    ]
    start: Annotated[dt.date, Field(description="The first day that is counted.")]
    end: Annotated[dt.date, Field(description="The last day that is counted.")]
    as_of: AsOf
    series: Annotated[
        list[Series], Field(description="One for each category; versions in order, `null` last.")
    ]
    missing_dates: Annotated[
        list[dt.date],
        Field(description="Days from `start` to `end` with no row in any category; they count 0."),
    ]
    mirrors: Annotated[
        bool | None,
        Field(description="Whether downloads by mirrors are counted; null for both categories."),
    ]
    source: FromSource
    fetched_at: FetchedAt
    stale: IsStale


class ComparedPackage(BaseModel):
    """A package of a comparison whose figures could be had."""

    model_config = ConfigDict(frozen=True)

    package: Normalised
    status: Annotated[Literal["ok", "stale"], Field(description="`stale` as the figures are.")]
    stats: PackageStats


class FailedPackage(BaseModel):
    """A package of a comparison whose figures could not be had, and why."""

    model_config = ConfigDict(frozen=True)

    package: Normalised
    status: Annotated[
        Literal["not_found", "throttled", "timeout", "upstream_error"],
        Field(description="Why there are no figures, in a word; `problem` says it in full."),
    ]
    problem: ProblemDetails


class Comparison(BaseModel):
    """Several packages side by side, in the order in which they were asked for."""

    model_config = ConfigDict(frozen=True)

    packages: Annotated[
        list[Annotated[ComparedPackage | FailedPackage, Field(discriminator="status")]],
        Field(description="An entry for each package asked for, repeats included."),
    ]


class Health(BaseModel):
    """That the function runs, and which it is. It says nothing about upstream."""

    model_config = ConfigDict(frozen=True)

    status: Annotated[Literal["ok"], Field(description="It runs, or it would not answer.")] = "ok"
    version: Annotated[str, Field(description="The version of PyPI Pulse.")]
    variant: Annotated[
        Literal["fastapi", "flask"], Field(description="The framework that answers.")
    ]
