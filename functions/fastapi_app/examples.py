"""Examples of every model in the OpenAPI document, made by the same code as real responses."""

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pulse import __version__, comparison_series, series
from pulse.badges import badge_json, downloads_badge
from pulse.comparison import compare
from pulse.daily_counts import DailyCounts
from pulse.dropin import upstream_recent, upstream_series
from pulse.image_parameters import BadgeQuery
from pulse.models import ComparisonSeries, DownloadSeries, Health
from pulse.names import PackageName
from pulse.parameters import CompareDownloadsQuery, DownloadsQuery, TopQuery
from pulse.problems import InputError, InvalidInput, UnknownPackage
from pulse.questions import Breakdown
from pulse.series import DateRange, download_series
from pulse.stats import package_stats
from pulse.totals import top_packages, total_by_version
from pulse.views import top_question

if TYPE_CHECKING:
    from pydantic import BaseModel

    from pulse.comparison import Outcomes

_REQUESTS = PackageName.parse("requests")
_UNKNOWN = PackageName.parse("no-such-package")
_NEWEST = dt.date(2026, 11, 21)
_FETCHED_AT = dt.datetime(2026, 11, 22, 1, 15, 3, tzinfo=dt.UTC)


def model_examples() -> dict[str, Any]:
    """A JSON example for each schema of the OpenAPI document, by the schema's name."""
    counts = _counts()
    comparison = compare(
        [_REQUESTS, _UNKNOWN],
        {_REQUESTS: counts, _UNKNOWN: UnknownPackage.named(_UNKNOWN)},
        mirrors=True,
    )
    downloads = _series(counts)
    compared_series = _compared_series(counts)
    by_version = _all_time({"2.32.5": 5_100_000, "2.32.4": 2_300_000, "2.31.0": 700_000})
    total = total_by_version(_REQUESTS, by_version, mirrors=True, limit=2)
    by_package = _all_time({"boto3": 52_000_000, "requests": 31_000_000, "other": 990_000_000})
    top = top_packages(top_question("all", _FETCHED_AT), TopQuery(period="all"), by_package)
    stats = package_stats(_REQUESTS, counts, mirrors=True)
    dropin = upstream_series(_REQUESTS, Breakdown.OVERALL, counts)
    invalid = InputError(
        location="query", parameter="mirrors", detail="It must be 'true' or 'false'."
    )
    recent = upstream_recent(_REQUESTS, counts)
    examples: list[BaseModel] = [
        stats,
        total,
        *(total.versions or []),
        top,
        *top.packages,
        downloads,
        downloads.series[0],
        downloads.series[0].points[0],
        comparison,
        *comparison.packages,
        compared_series,
        compared_series.packages[0],
        badge_json(downloads_badge(stats, BadgeQuery()), "flat", 3_600),
        dropin,
        recent,
        recent.data,
        dropin.data[0],
        Health(version=__version__, variant="fastapi"),
        UnknownPackage.named(_UNKNOWN).details,
        InvalidInput([invalid]).document(instance="/compare", request_id="Ab1CdEfGhIjKlMn="),
        invalid,
    ]
    return {type(example).__name__: example.model_dump(mode="json") for example in examples}


def csv_examples() -> dict[str, str]:
    """The examples as CSV, by operation."""
    counts = _counts()
    return {
        "get_package_downloads": series.as_csv(_series(counts)),
        "compare_downloads": comparison_series.as_csv(_compared_series(counts)),
    }


def _counts() -> DailyCounts:
    """15 days of `overall` counts."""
    days = range(15)
    return DailyCounts(
        first=_NEWEST - dt.timedelta(days=14),
        counts={
            "with_mirrors": [1_050 + 10 * day for day in days],
            "without_mirrors": [1_000 + 10 * day for day in days],
        },
        source="pypistats.org",
        fetched_at=_FETCHED_AT,
        as_of=_NEWEST,
        fresh_until=_FETCHED_AT,
    )


def _all_time(totals: Mapping[str, int]) -> DailyCounts:
    """ClickHouse's counts of all time."""
    return DailyCounts(
        first=dt.date(2011, 3, 7),
        counts={name: [total] for name, total in totals.items()},
        source="clickhouse",
        fetched_at=_FETCHED_AT,
        as_of=_NEWEST,
        fresh_until=_FETCHED_AT,
    )


def _series(counts: DailyCounts) -> DownloadSeries:
    # As from a query string: `mirrors` is a string.
    query = DownloadsQuery.model_validate({"period": "week", "mirrors": "false"})
    return download_series(_REQUESTS, query, DateRange(None, None), counts)


def _compared_series(counts: DailyCounts) -> ComparisonSeries:
    query = CompareDownloadsQuery.model_validate(
        {"packages": [_REQUESTS, _UNKNOWN], "period": "week", "mirrors": "false"}
    )
    outcomes: Outcomes = {_REQUESTS: counts, _UNKNOWN: UnknownPackage.named(_UNKNOWN)}
    return comparison_series.comparison_series(query, DateRange(None, None), outcomes)
