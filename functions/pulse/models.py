"""Models of the response bodies, and of pypistats.org's rows and sums."""

import datetime as dt
from typing import Annotated, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt

from pulse.daily_counts import Source
from pulse.names import PackageName
from pulse.problems import ProblemDetails

By = Literal[
    "overall",
    "python_major",
    "python_minor",
    "system",
    "version",
    "country",
    "installer",
    "file_type",
]
"""The dimension that downloads are split by. Each of the first four is an endpoint of pypistats.org."""

Period = Literal["day", "week", "month"]
"""The period that downloads are summed over; weeks are ISO weeks, which start on Mondays."""

BadgeStyle = Literal["flat", "flat-square", "plastic"]
"""The look of a badge, as shields.io names it."""

TopPeriod = Literal["month", "all"]
"""What packages are ranked by: the downloads of the last whole month, or of all days."""

STALE = "True if upstream failed when these figures were due to be refreshed."
"""The description of every `stale` field."""

Normalised = Annotated[PackageName, Field(description="The name, normalised by PEP 503.")]
FromSource = Annotated[Source, Field(description="`simulated` figures are fake: never use them.")]
FetchedAt = Annotated[
    dt.datetime, Field(description="When the figures were fetched from upstream, UTC.")
]
IsStale = Annotated[bool, Field(description=STALE)]
AsOf = Annotated[
    dt.date, Field(description="The newest day that the source has loaded, for all packages.")
]


class DailyDownloads(BaseModel):
    """One row of pypistats.org: a package's downloads in one category on one UTC day."""

    model_config = ConfigDict(frozen=True)

    category: Annotated[
        str, Field(description="pypistats.org's name of the category; `null` if unknown.")
    ]
    date: Annotated[dt.date, Field(description="A UTC day.")]
    downloads: Annotated[NonNegativeInt, Field(description="Downloads on that day.")]


class PyPIResponseData(BaseModel):
    """The body of a pypistats.org response, with rows ordered by category, then by date."""

    model_config = ConfigDict(frozen=True)

    data: Annotated[
        list[DailyDownloads], Field(description="The rows; a category may have none for a day.")
    ]
    package: str
    type: str


class RecentDownloads(NamedTuple):
    """pypistats.org's own sums over the last 1, 7 and 30 days, without mirrors."""

    last_day: int
    last_week: int
    last_month: int


class PackageStats(BaseModel):
    """A package's download totals. Days are UTC; the sums over the last days end at `as_of`."""

    model_config = ConfigDict(frozen=True)

    package: Normalised
    total_downloads: Annotated[int, Field(ge=0, description="All downloads in the window.")]
    latest_date: Annotated[
        dt.date | None, Field(description="The newest day with a row; null without rows.")
    ]
    first_date: Annotated[
        dt.date | None, Field(description="The oldest day with a row; null without rows.")
    ]
    as_of: AsOf
    last_day: Annotated[int, Field(ge=0, description="Downloads on `as_of`.")]
    last_week: Annotated[
        int, Field(ge=0, description="Downloads in the 7 days up to and including `as_of`.")
    ]
    last_month: Annotated[
        int, Field(ge=0, description="Downloads in the 30 days up to and including `as_of`.")
    ]
    weekly_growth: Annotated[
        float | None,
        Field(
            description="The sum of the last 7 days divided by that of the 7 before, minus 1; only "
            "weekdays that both weeks have are counted. Null if the earlier week is zero or "
            "incomplete."
        ),
    ]
    missing_dates: Annotated[
        list[dt.date],
        Field(description="Days from `first_date` to `as_of` without a row; they count 0."),
    ]
    mirrors: Annotated[bool, Field(description="Whether downloads by mirrors are included.")]
    source: FromSource
    fetched_at: FetchedAt
    stale: IsStale


class VersionTotal(BaseModel):
    """The downloads of one version of a package."""

    model_config = ConfigDict(frozen=True)

    version: Annotated[
        str,
        Field(description="The version; `other` for all smaller ones, `null` if it is unknown."),
    ]
    downloads: Annotated[int, Field(ge=0, description="All its downloads.")]


class PackageTotal(BaseModel):
    """A package's downloads since the first day that the source has. Days are UTC."""

    model_config = ConfigDict(frozen=True)

    package: Normalised
    total_downloads: Annotated[int, Field(ge=0, description="All downloads since `since`.")]
    versions: Annotated[
        list[VersionTotal] | None,
        Field(
            description="With `by=version`: the versions with the most downloads first; their sum is "
            "`total_downloads`.",
            exclude_if=lambda value: value is None,
        ),
    ] = None
    since: Annotated[
        dt.date | None, Field(description="The first day of the source; null without rows.")
    ]
    as_of: AsOf
    mirrors: Annotated[bool, Field(description="Whether downloads by mirrors are included.")]
    source: FromSource
    fetched_at: FetchedAt
    stale: IsStale


class Point(BaseModel):
    """Downloads in one period."""

    model_config = ConfigDict(frozen=True)

    date: Annotated[dt.date, Field(description="The first day of the period.")]
    downloads: Annotated[NonNegativeInt, Field(description="Downloads in the whole period.")]
    complete: Annotated[
        bool, Field(description="False if `start` or `end` cuts the week or month short.")
    ]


class Series(BaseModel):
    """One category's downloads over time, with a point for every period from start to end."""

    model_config = ConfigDict(frozen=True)

    category: Annotated[
        str,
        Field(
            description="The source's name of the category; `null` if unknown. Countries are ISO 3166 "
            "codes. `other` is the sum of all beyond `limit`, or of all other systems."
        ),
    ]
    total: Annotated[int, Field(ge=0, description="The sum of all points.")]
    points: Annotated[list[Point], Field(description="One for every period, oldest first.")]


class DownloadSeries(BaseModel):
    """A package's downloads over time, by category. Days are UTC."""

    model_config = ConfigDict(frozen=True)

    package: Normalised
    by: Annotated[By, Field(description="The dimension that downloads are split by.")]
    version: Annotated[
        str | None,
        Field(
            description="The version whose downloads are counted; without it, all.",
            exclude_if=lambda value: value is None,
        ),
    ] = None
    period: Annotated[
        Period,
        Field(description="The period that downloads are summed over; weeks start on Mondays."),
    ]
    start: Annotated[dt.date, Field(description="The first day included.")]
    end: Annotated[dt.date, Field(description="The last day included.")]
    as_of: AsOf
    series: Annotated[
        list[Series],
        Field(
            description="One for each category; versions in numeric order, then `other`, then `null`."
        ),
    ]
    missing_dates: Annotated[
        list[dt.date],
        Field(
            description="Days from `start` to `end` without a row in any category; they count 0."
        ),
    ]
    mirrors: Annotated[
        bool | None,
        Field(description="Whether downloads by mirrors are included; null for both categories."),
    ]
    source: FromSource
    fetched_at: FetchedAt
    stale: IsStale


class ComparedPackage(BaseModel):
    """A compared package with figures."""

    model_config = ConfigDict(frozen=True)

    package: Normalised
    status: Annotated[
        Literal["ok", "stale"], Field(description="`stale` if the figures are stale.")
    ]
    stats: PackageStats


class FailedPackage(BaseModel):
    """A compared package without figures, and why."""

    model_config = ConfigDict(frozen=True)

    package: Normalised
    status: Annotated[
        Literal["not_found", "throttled", "timeout", "upstream_error"],
        Field(description="Why there are no figures; `problem` has the details."),
    ]
    problem: ProblemDetails


class Comparison(BaseModel):
    """Several packages side by side, in the requested order."""

    model_config = ConfigDict(frozen=True)

    packages: Annotated[
        list[Annotated[ComparedPackage | FailedPackage, Field(discriminator="status")]],
        Field(description="An entry for each requested package, repeats included."),
    ]


class ComparedSeries(BaseModel):
    """A compared package's downloads over time."""

    model_config = ConfigDict(frozen=True)

    package: Normalised
    status: Annotated[
        Literal["ok", "stale"], Field(description="`stale` if the figures are stale.")
    ]
    total: Annotated[int, Field(ge=0, description="The sum of all points.")]
    points: Annotated[
        list[Point], Field(description="One for every period that has kept days, oldest first.")
    ]
    missing_dates: Annotated[
        list[dt.date],
        Field(description="Kept days from `start` to `end` without a row; they count 0."),
    ]
    as_of: AsOf
    source: FromSource
    fetched_at: FetchedAt
    stale: IsStale


class ComparisonSeries(BaseModel):
    """The downloads of several packages over the same days, in the requested order. Days are UTC."""

    model_config = ConfigDict(frozen=True)

    period: Annotated[
        Period,
        Field(description="The period that downloads are summed over; weeks start on Mondays."),
    ]
    start: Annotated[
        dt.date | None, Field(description="The first day included; null without any figures.")
    ]
    end: Annotated[
        dt.date | None, Field(description="The last day included; null without any figures.")
    ]
    mirrors: Annotated[bool, Field(description="Whether downloads by mirrors are included.")]
    packages: Annotated[
        list[Annotated[ComparedSeries | FailedPackage, Field(discriminator="status")]],
        Field(description="An entry for each requested package, repeats included."),
    ]


class TopPackage(BaseModel):
    """One of the most downloaded packages."""

    model_config = ConfigDict(frozen=True)

    rank: Annotated[int, Field(ge=1, description="Its place, from 1.")]
    package: Normalised
    downloads: Annotated[int, Field(ge=0, description="Downloads from `start` to `end`.")]


class TopPackages(BaseModel):
    """The most downloaded packages. Downloads by mirrors are included. Days are UTC."""

    model_config = ConfigDict(frozen=True)

    period: Annotated[TopPeriod, Field(description="The last whole month, or all days.")]
    start: Annotated[dt.date, Field(description="The first day included.")]
    end: Annotated[dt.date, Field(description="The last day included.")]
    as_of: AsOf
    total_downloads: Annotated[
        int, Field(ge=0, description="Downloads of all packages from `start` to `end`.")
    ]
    packages: Annotated[list[TopPackage], Field(description="The most downloaded one first.")]
    source: FromSource
    fetched_at: FetchedAt
    stale: IsStale


class EndpointBadge(BaseModel):
    """A badge in shields.io's endpoint schema."""

    model_config = ConfigDict(frozen=True)

    schemaVersion: Annotated[  # noqa: N815 - shields.io's name
        Literal[1], Field(description="The version of the schema: 1.")
    ] = 1
    label: Annotated[str, Field(description="The text on the left.")]
    message: Annotated[str, Field(description="The text on the right.")]
    color: Annotated[str, Field(description="The colour on the right.")]
    isError: Annotated[bool, Field(description="Whether there are no figures to show.")]  # noqa: N815 - shields.io's name
    cacheSeconds: Annotated[  # noqa: N815 - shields.io's name
        int, Field(ge=0, description="How long shields.io may keep the badge, in seconds.")
    ]
    style: Annotated[
        BadgeStyle | None,
        Field(
            description="The look; left out if it is `flat`, shields.io's default.",
            exclude_if=lambda value: value is None,
        ),
    ] = None


class Health(BaseModel):
    """The function's version and variant. It says nothing about upstream."""

    model_config = ConfigDict(frozen=True)

    status: Annotated[Literal["ok"], Field(description="Always `ok`: the function runs.")] = "ok"
    version: Annotated[str, Field(description="The version of PyPI Pulse.")]
    variant: Annotated[
        Literal["fastapi", "flask"], Field(description="The framework that answers.")
    ]
