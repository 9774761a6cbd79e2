"""Week and month sums equal the sums of days, for packages of all ages and sizes."""

import json
from collections import Counter
from dataclasses import replace
from http import HTTPStatus

import pytest

from pulse.models import By, Period
from pulse.names import PackageName
from pulse.parameters import DownloadsQuery
from pulse.pypistats import UpstreamAnswer, read_answer, request_path
from pulse.questions import Breakdown, Question
from pulse.series import DateRange, download_series
from tests.counts import NOON, YESTERDAY
from tools.fake_pypistats.answers import answer
from tools.fake_pypistats.packages import ALL_OF_PYPI, DEBUT, HERMIT, NEWCOMER, RETIRED
from tools.fake_pypistats.routes import question

PACKAGES = [ALL_OF_PYPI, "requests", NEWCOMER, DEBUT, HERMIT, RETIRED]
PERIODS: tuple[Period, ...] = ("day", "week", "month")


def sums_of_rows(body: bytes) -> Counter[str]:
    """Downloads by category, summed over upstream's raw rows."""
    sums: Counter[str] = Counter()
    for row in json.loads(body)["data"]:
        sums[row["category"]] += row["downloads"]
    return sums


@pytest.mark.parametrize("by", ["overall", "python_major", "python_minor", "system"])
def test_periods_sum_to_upstream_rows(by: By) -> None:
    for name in PACKAGES:
        package = PackageName.parse(name)
        raw = answer("GET", question(request_path(package, by)), NOON)
        assert raw.status == HTTPStatus.OK
        asked = Question(package, Breakdown(by))
        read = read_answer(asked, UpstreamAnswer(200, {}, raw.body, NOON))
        counts = replace(read, as_of=YESTERDAY)
        expected = sums_of_rows(raw.body)
        for period in PERIODS:
            query = DownloadsQuery(by=by, period=period)
            series = download_series(package, query, DateRange(None, None), counts).series
            assert {one.category: one.total for one in series} == expected, name
            for one in series:
                assert sum(point.downloads for point in one.points) == one.total
