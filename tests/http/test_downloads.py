"""Download series over HTTP."""

import csv
import io
from collections import defaultdict
from typing import Any

import httpx
import pytest

from tests.http.served import Served
from tools.fake_pypistats.packages import DEBUT


def downloads(api: Served, package: str, **query: str) -> dict[str, Any]:
    answer = api.client.get(f"/packages/{package}/downloads", params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def totals(series: dict[str, Any]) -> dict[str, int]:
    for one in series["series"]:
        assert one["total"] == sum(point["downloads"] for point in one["points"])
    return {one["category"]: one["total"] for one in series["series"]}


@pytest.mark.parametrize(("by", "period"), [("overall", "day"), ("python_minor", "month")])
def test_csv_sums_to_json_totals(api: Served, by: str, period: str) -> None:
    answer = api.client.get(
        "/packages/requests/downloads", params={"by": by, "period": period, "format": "csv"}
    )
    assert answer.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    sums: defaultdict[str, int] = defaultdict(int)
    for line in csv.DictReader(io.StringIO(answer.text, newline="")):
        sums[line["category"]] += int(line["downloads"])
    assert sums == totals(downloads(api, "requests", by=by, period=period))


def test_versions_sort_as_versions(api: Served) -> None:
    series = downloads(api, "requests", by="python_minor")["series"]
    *versions, last = [one["category"] for one in series]
    assert last == "null"
    assert versions == sorted(versions, key=lambda text: [int(n) for n in text.split(".")])
    assert versions.index("3.9") < versions.index("3.10")


def test_missing_dates_match_stats(api: Served) -> None:
    stats = api.client.get("/packages/requests").json()
    assert stats["missing_dates"]
    assert downloads(api, "requests")["missing_dates"] == stats["missing_dates"]


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("text/csv", "text/csv"),
        ("application/json", "application/json"),
        ("*/*", "application/json"),
    ],
)
def test_accept_header_decides_format(api: Served, accept: str, content_type: str) -> None:
    """Only if the query names no format."""
    answer = api.client.get("/packages/requests/downloads", headers={"accept": accept})
    assert answer.headers["content-type"].startswith(content_type)
    assert "Accept" in answer.headers["vary"].split(", ")


def test_format_parameter_beats_accept_header(api: Served) -> None:
    headers = {"accept": "text/csv"}
    answer = api.client.get("/packages/requests/downloads?format=json", headers=headers)
    assert answer.headers["content-type"] == "application/json"


def test_repeated_accept_headers_are_one_list(api: Served) -> None:
    headers = [("accept", "application/xml"), ("accept", "text/csv")]
    request = httpx.Request("GET", f"{api.url}/packages/requests/downloads", headers=headers)
    assert api.client.send(request).headers["content-type"].startswith("text/csv")


def test_csv_headers_name_the_source(api: Served) -> None:
    answer = api.client.get("/packages/requests/downloads?format=csv")
    assert answer.headers["x-pulse-source"] == "simulated"
    assert answer.headers["x-pulse-stale"] == "false"


def test_young_package_starts_with_zeros(api: Served) -> None:
    answer = downloads(api, DEBUT, start="2026-10-23", end="2026-11-22")
    points = answer["series"][0]["points"]
    assert (answer["start"], answer["end"]) == ("2026-10-23", "2026-11-21")
    assert [bool(point["downloads"]) for point in points] == [False] * 26 + [True] * 4


def test_other_breakdowns_count_without_mirrors(api: Served) -> None:
    query = {"by": "system", "mirrors": "false"}
    by_system = sum(totals(downloads(api, "requests", **query)).values())
    overall = totals(downloads(api, "requests", by="overall", mirrors="false"))
    assert overall == {"without_mirrors": by_system}
