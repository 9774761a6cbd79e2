"""Week and month sums equal the days' sums, for every package of the stand-in upstream."""

import datetime as dt
from collections import Counter
from http import HTTPStatus

import pytest

from pulse.models import By, Period
from pulse.names import PackageName
from pulse.parameters import DownloadsQuery
from pulse.pypistats import Endpoint, UpstreamAnswer, read_answer, request_path
from pulse.series import DateRange, download_series
from workbench.upstream.answers import answer
from workbench.upstream.packages import DOWNLOADS_PER_DAY
from workbench.upstream.routes import question

NOON = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
NEWEST = dt.date(2026, 11, 21)
PERIODS: tuple[Period, ...] = ("day", "week", "month")


@pytest.mark.parametrize("by", ["overall", "python_major", "python_minor", "system"])
def test_every_period_sums_to_the_rows_of_upstream(by: By) -> None:
    endpoint = Endpoint(by)
    for name in DOWNLOADS_PER_DAY:
        package = PackageName.parse(name)
        raw = answer("GET", question(request_path(package, endpoint)), NOON)
        assert raw.status == HTTPStatus.OK
        fetched = read_answer(package, endpoint, UpstreamAnswer(200, {}, raw.body, NOON))
        expected: Counter[str] = Counter()
        for row in fetched.rows:
            expected[row.category] += row.downloads
        for period in PERIODS:
            query = DownloadsQuery(by=by, period=period)
            series = download_series(package, query, DateRange(None, None), fetched, NEWEST).series
            assert {one.category: one.total for one in series} == expected, name
            for one in series:
                assert sum(point.downloads for point in one.points) == one.total
