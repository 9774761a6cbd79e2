"""The shapes of what comes from pypistats.org and of what goes out to our callers."""

import datetime as dt
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt

from pulse.names import PackageName
from pulse.problems import ProblemDetails

Source = Literal["pypistats.org", "simulated"]
"""Where numbers come from; `simulated` ones are invented by the stand-in upstream."""


class DailyDownloads(BaseModel):
    """One row of pypistats.org: a package's downloads in one category on one UTC day."""

    model_config = ConfigDict(frozen=True)

    category: str
    date: dt.date
    downloads: NonNegativeInt


class PyPIResponseData(BaseModel):
    """The body of pypistats.org's answer on one endpoint, ordered by category, then date."""

    model_config = ConfigDict(frozen=True)

    data: list[DailyDownloads]
    package: str
    type: str


class FetchedRows(BaseModel):
    """The rows of one package and endpoint, with where and when (UTC) they were fetched."""

    model_config = ConfigDict(frozen=True)

    rows: list[DailyDownloads]
    source: Source
    fetched_at: dt.datetime
    stale: bool = False


class PackageStats(BaseModel):
    """A package's downloads, summed up. Days are UTC days; the newest is `latest_date`."""

    model_config = ConfigDict(frozen=True)

    package: Annotated[PackageName, Field(description="The name, normalised by PEP 503.")]
    total_downloads: Annotated[int, Field(ge=0, description="All downloads in the window.")]
    latest_date: Annotated[
        dt.date | None, Field(description="The newest day with a row; null if there is none.")
    ]
    first_date: Annotated[
        dt.date | None, Field(description="The oldest day with a row; null if there is none.")
    ]
    last_day: Annotated[int, Field(ge=0, description="Downloads on `latest_date`.")]
    last_week: Annotated[int, Field(ge=0, description="In the 7 days that end at `latest_date`.")]
    last_month: Annotated[int, Field(ge=0, description="In the 30 days that end at `latest_date`.")]
    weekly_growth: Annotated[
        float | None,
        Field(
            description="The last 7 days over the 7 before, minus 1; null where the earlier week "
            "is zero or not whole."
        ),
    ]
    missing_dates: Annotated[
        list[dt.date],
        Field(description="Days from `first_date` to `latest_date` with no row; they count 0."),
    ]
    mirrors: Annotated[bool, Field(description="Whether downloads by mirrors are counted.")]
    source: Annotated[
        Source, Field(description="`simulated` figures are invented: never use them.")
    ]
    fetched_at: Annotated[dt.datetime, Field(description="When upstream was asked, UTC.")]
    stale: Annotated[bool, Field(description="True if newer figures should exist by now.")]


class ComparedPackage(BaseModel):
    """A package of a comparison whose figures could be had."""

    model_config = ConfigDict(frozen=True)

    package: PackageName
    status: Literal["ok", "stale"]
    stats: PackageStats


class FailedPackage(BaseModel):
    """A package of a comparison whose figures could not be had, and why."""

    model_config = ConfigDict(frozen=True)

    package: PackageName
    status: Literal["not_found", "throttled", "timeout", "upstream_error"]
    problem: ProblemDetails


class Comparison(BaseModel):
    """Several packages side by side, in the order in which they were asked for."""

    model_config = ConfigDict(frozen=True)

    packages: list[Annotated[ComparedPackage | FailedPackage, Field(discriminator="status")]]


class Health(BaseModel):
    """That the function runs, and which it is. It says nothing about upstream."""

    model_config = ConfigDict(frozen=True)

    status: Literal["ok"] = "ok"
    version: str
    variant: Literal["fastapi", "flask"]
