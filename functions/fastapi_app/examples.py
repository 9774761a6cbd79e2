"""An example of every model in the contract, made by the code that makes the real ones."""

import datetime as dt
from typing import TYPE_CHECKING, Any

from pulse import __version__
from pulse.analysis import package_stats
from pulse.comparison import compare
from pulse.dropin import upstream_recent, upstream_series
from pulse.models import DailyDownloads, DownloadSeries, FetchedRows, Health, Supply
from pulse.names import PackageName
from pulse.parameters import DownloadsQuery
from pulse.problems import InputError, InvalidInput, UnknownPackage
from pulse.pypistats import Endpoint
from pulse.series import DateRange, as_csv, download_series

if TYPE_CHECKING:
    from pydantic import BaseModel

_REQUESTS = PackageName.parse("requests")
_UNKNOWN = PackageName.parse("no-such-package")
_NEWEST = dt.date(2026, 11, 21)
_FETCHED_AT = dt.datetime(2026, 11, 22, 1, 15, 3, tzinfo=dt.UTC)


def model_examples() -> dict[str, Any]:
    """An example as JSON for each schema of the contract, by the schema's name."""
    fetched = _fetched()
    comparison = compare(
        [_REQUESTS, _UNKNOWN],
        {
            _REQUESTS: Supply(fetched, _NEWEST, _FETCHED_AT),
            _UNKNOWN: UnknownPackage.named(_UNKNOWN),
        },
        mirrors=True,
    )
    series = _series(fetched)
    invalid = InputError(location="query", parameter="mirrors", detail="It is 'true' or 'false'.")
    recent = upstream_recent(_REQUESTS, fetched, as_of=_NEWEST)
    examples: list[BaseModel] = [
        package_stats(_REQUESTS, fetched, as_of=_NEWEST, mirrors=True),
        series,
        series.series[0],
        series.series[0].points[0],
        comparison,
        *comparison.packages,
        upstream_series(_REQUESTS, Endpoint.OVERALL, fetched),
        recent,
        recent.data,
        fetched.rows[0],
        Health(version=__version__, variant="fastapi"),
        UnknownPackage.named(_UNKNOWN).details,
        InvalidInput([invalid]).as_document(instance="/compare", request_id="Ab1CdEfGhIjKlMn="),
        invalid,
    ]
    return {type(example).__name__: example.model_dump(mode="json") for example in examples}


def csv_example() -> str:
    """The example of a `DownloadSeries`, as CSV."""
    return as_csv(_series(_fetched()))


def _fetched() -> FetchedRows:
    return FetchedRows(rows=_rows(), source="pypistats.org", fetched_at=_FETCHED_AT)


def _series(fetched: FetchedRows) -> DownloadSeries:
    # As from a query string, where a boolean is a word.
    query = DownloadsQuery.model_validate({"period": "week", "mirrors": "false"})
    return download_series(_REQUESTS, query, DateRange(None, None), fetched, _NEWEST)


def _rows() -> list[DailyDownloads]:
    """Two weeks and a day of rows, as `overall` has them."""
    return [
        DailyDownloads(
            category=category,
            date=_NEWEST - dt.timedelta(days=ago),
            downloads=downloads + 10 * (14 - ago),
        )
        for category, downloads in (("with_mirrors", 1_050), ("without_mirrors", 1_000))
        for ago in reversed(range(15))
    ]
