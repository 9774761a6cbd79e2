"""Every route that asks ClickHouse, over HTTP, against figures of the tests' own SQL."""

import datetime as dt
from typing import Any, Final
from xml.etree import ElementTree as ET

import pytest

from tests.clickhouse.conftest import LOADED, NEWEST
from tests.clickhouse.sql import by_package, sums, whole
from tests.counts import NOON
from tests.http.served import Clock, Served, served
from tools.clickhouse.load import create_tables, load_sums
from tools.clickhouse.rows import ARCHIVED, FIRST_DAY, MALFORMED, Row
from tools.clickhouse.server import ClickHouse
from tools.fake_pypistats import FakePypistats
from tools.fake_pypistats.packages import DEBUT, MIRRORED

SOURCE: Final = "simulated"
"""The server says that its rows are invented, as the fake pypistats.org does."""

WINDOW: Final = f"date BETWEEN '{NEWEST - dt.timedelta(days=180)}' AND '{NEWEST}'"
DOWNLOADS: Final = "/packages/requests/downloads"
ONLY_CLICKHOUSE: Final = ["version", "country", "installer", "file_type"]
ALL: Final = ["overall", "python_major", "python_minor", "system", *ONLY_CLICKHOUSE]
LONG: Final = {"start": "2016-01-01", "period": "month"}


def get(api: Served, path: str, **query: str) -> Any:  # noqa: ANN401 - any JSON
    answer = api.client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def totals(answer: Any) -> dict[str, int]:  # noqa: ANN401 - any JSON
    for one in answer["series"]:
        assert one["total"] == sum(point["downloads"] for point in one["points"])
    return {one["category"]: one["total"] for one in answer["series"]}


@pytest.mark.parametrize("package", ["requests", DEBUT, MIRRORED, MALFORMED])
@pytest.mark.parametrize("mirrors", ["true", "false"])
@pytest.mark.parametrize("by", ONLY_CLICKHOUSE)
def test_breakdown(api: Served, server: ClickHouse, package: str, by: str, mirrors: str) -> None:
    query = {"by": by, "mirrors": mirrors, **({} if by == "file_type" else {"limit": "30"})}
    answer = get(api, f"/packages/{package}/downloads", **query)
    assert totals(answer) == sums(server, by, package, WINDOW, mirrors=mirrors == "true")
    assert (answer["by"], answer["source"]) == (by, SOURCE)
    assert answer["mirrors"] is (mirrors == "true")
    assert answer["as_of"] == answer["end"] == NEWEST.isoformat()


@pytest.mark.parametrize("by", ONLY_CLICKHOUSE)
def test_breakdown_sums_to_the_days_of_overall(api: Served, by: str) -> None:
    """Of pypistats.org: on invented data, the sources agree."""
    days = [
        {point["date"]: point["downloads"] for point in one["points"]}
        for one in get(api, DOWNLOADS, by=by)["series"]
    ]
    overall = get(api, DOWNLOADS, mirrors="true", start=min(days[0]))
    kept = set(overall["missing_dates"])
    for point in overall["series"][0]["points"]:
        if point["date"] not in kept:  # the fake has lost some days
            assert point["downloads"] == sum(one[point["date"]] for one in days), point["date"]


@pytest.mark.parametrize("by", ["version", "country", "installer"])
def test_limit_names_the_largest_of_the_range(api: Served, server: ClickHouse, by: str) -> None:
    start, end = "2019-02-03", "2020-07-05"
    where = f"date BETWEEN '{start}' AND '{end}'"
    expected = sums(server, by, "requests", where, mirrors=True)
    unknown = {name: count for name, count in expected.items() if name == "null"}
    named = {name: count for name, count in expected.items() if name != "null"}
    largest = dict(sorted(named.items(), key=lambda one: -one[1])[:2])
    rest = sum(named.values()) - sum(largest.values())
    answer = get(api, DOWNLOADS, by=by, start=start, end=end, limit="2", period="month")
    assert totals(answer) == {**largest, "other": rest, **unknown}
    assert [one["category"] for one in answer["series"]][2:] == ["other", *unknown]
    assert (answer["start"], answer["end"]) == (start, end)


@pytest.mark.parametrize("by", ALL)
def test_version_filters_every_breakdown(api: Served, server: ClickHouse, by: str) -> None:
    newest = max(
        get(api, DOWNLOADS, by="version")["series"], key=lambda one: one["points"][-1]["downloads"]
    )["category"]
    answer = get(api, DOWNLOADS, by=by, version=newest)
    where = f"{WINDOW} AND version = '{newest}'"
    assert totals(answer) == sums(server, by, "requests", where, mirrors=True)
    assert (answer["version"], answer["source"]) == (newest, SOURCE)


@pytest.mark.parametrize("by", ["overall", "python_major", "python_minor", "system", "file_type"])
def test_all_years(api: Served, server: ClickHouse, by: str) -> None:
    answer = get(api, DOWNLOADS, by=by, **LONG)
    where = f"date <= '{NEWEST}'"
    assert totals(answer) == sums(server, by, "requests", where, mirrors=True)
    assert (answer["start"], answer["source"]) == (FIRST_DAY.isoformat(), SOURCE)


@pytest.mark.parametrize("start", ["0001-01-01", "1970-01-01", "2011-01-01"])
def test_start_before_the_first_day(api: Served, start: str) -> None:
    answer = get(api, DOWNLOADS, start=start, period="month", by="version")
    assert answer["start"] == FIRST_DAY.isoformat()
    overall = get(api, DOWNLOADS, start=start, period="month")
    assert (overall["start"], overall["source"]) == (FIRST_DAY.isoformat(), SOURCE)


@pytest.mark.parametrize("query", [{"start": "2149-06-07"}, {"start": "9999-12-31"}])
def test_days_to_come_are_cut_off(api: Served, query: dict[str, str]) -> None:
    answer = get(api, DOWNLOADS, by="country", **query)
    assert all(one["points"] == [] for one in answer["series"])


def test_package_that_only_clickhouse_knows(api: Served) -> None:
    answer = get(api, f"/packages/{ARCHIVED}/downloads", start="2011-01-01", period="month")
    assert (answer["source"], answer["as_of"]) == (SOURCE, NEWEST.isoformat())
    assert (
        answer["series"][0]["total"] == get(api, f"/packages/{ARCHIVED}/total")["total_downloads"]
    )


def test_too_many_points_are_refused(api: Served) -> None:
    query = {"by": "version", "start": "2016-01-01"}
    answer = api.client.get(DOWNLOADS, params=query)
    assert answer.status_code == 422
    assert "Ask for 'week' or 'month'" in answer.json()["detail"]
    assert len(totals(get(api, DOWNLOADS, **query, period="week"))) == 11


def test_csv_names_the_source(api: Served) -> None:
    answer = api.client.get(DOWNLOADS, params={"by": "version", "format": "csv", "period": "month"})
    assert answer.headers["x-pulse-source"] == SOURCE
    assert answer.text.startswith("date,category,downloads\r\n2026-05-01,")


@pytest.mark.parametrize("package", [package for package in LOADED if package != MALFORMED])
@pytest.mark.parametrize("mirrors", ["true", "false"])
def test_total(api: Served, server: ClickHouse, package: str, mirrors: str) -> None:
    expected = whole(server, package, "true", mirrors=mirrors == "true")
    answer = get(api, f"/packages/{package}/total", mirrors=mirrors)
    assert (answer["total_downloads"], answer["source"]) == (expected, SOURCE)
    by_version = get(api, f"/packages/{package}/total", mirrors=mirrors, by="version", limit="3")
    assert by_version["total_downloads"] == expected
    assert sum(one["downloads"] for one in by_version["versions"]) == expected
    named = [one for one in by_version["versions"] if one["version"] not in {"other", "null"}]
    assert named == sorted(named, key=lambda one: -one["downloads"])
    for one in named:
        where = f"version = '{one['version']}'"
        assert one["downloads"] == whole(server, package, where, mirrors=mirrors == "true")


def test_top(api: Served, server: ClickHouse) -> None:
    for period, where, days in (
        ("month", "date BETWEEN '2026-10-01' AND '2026-10-31'", ("2026-10-01", "2026-10-31")),
        ("all", "true", ("2011-03-02", NEWEST.isoformat())),
    ):
        expected = by_package(server, where)
        answer = get(api, "/top", period=period)
        found = {one["package"]: one["downloads"] for one in answer["packages"]}
        assert list(found.items()) == list(expected.items())
        assert [one["rank"] for one in answer["packages"]] == list(range(1, len(expected) + 1))
        assert answer["total_downloads"] == sum(expected.values())
        assert (answer["start"], answer["end"]) == days
        first = get(api, "/top", period=period, limit="2")["packages"]
        assert first == answer["packages"][:2]


def test_comparison_of_all_years(api: Served, server: ClickHouse) -> None:
    packages = ["requests", "httpx", ARCHIVED, "no-such-package-xyz"]
    answer = get(api, "/compare/downloads", packages=",".join(packages), **LONG)
    assert answer["start"] == FIRST_DAY.isoformat()
    *found, unknown = answer["packages"]
    assert unknown["status"] == "not_found"
    for one in found:
        where = f"date BETWEEN '2016-01-01' AND '{NEWEST}'"
        assert one["total"] == whole(server, one["package"], where, mirrors=True)
        assert one["source"] == SOURCE


def test_comparison_keeps_to_the_window(api: Served) -> None:
    answer = get(api, "/compare", packages="requests,httpx")
    assert {one["stats"]["source"] for one in answer["packages"]} == {"simulated"}
    assert {one["stats"]["first_date"] for one in answer["packages"]} == {"2026-05-25"}


def test_badge_of_all_time(api: Served, server: ClickHouse) -> None:
    answer = api.client.get("/packages/requests/badge.json", params={"period": "total"})
    billions = whole(server, "requests", "true", mirrors=True) / 1e9
    assert answer.json()["message"] == f"{billions:.3g}B total"
    assert answer.headers["x-pulse-source"] == SOURCE


@pytest.mark.parametrize(
    ("by", "words"),
    [
        ("version", "by version"),
        ("country", "by country"),
        ("installer", "by installer"),
        ("file_type", "by file type"),
    ],
)
@pytest.mark.parametrize("start", [None, "2016-01-01"])
def test_chart(api: Served, by: str, words: str, start: str | None) -> None:
    query = {"by": by, "period": "month", **({"start": start} if start else {})}
    answer = api.client.get("/packages/requests/chart.svg", params=query)
    assert answer.headers["x-pulse-status"] == "200", answer.text
    assert answer.headers["x-pulse-source"] == SOURCE
    assert f"share of downloads {words}" in answer.text


def test_chart_of_all_years(api: Served) -> None:
    for path in ("/packages/requests/chart.svg?", "/compare/chart.svg?packages=requests,httpx&"):
        answer = api.client.get(f"{path}start=2016-01-01&period=month")
        assert answer.headers["x-pulse-source"] == SOURCE, path
        assert "2016" in answer.text


@pytest.mark.parametrize("version", ["0", "1.0.0.post1", "1!2.0+local.1-2_3", "no-such-version"])
def test_unknown_version_has_no_series(api: Served, version: str) -> None:
    assert get(api, DOWNLOADS, by="system", version=version)["series"] == []


@pytest.mark.parametrize("path", ["/packages/nope-xyz/total", "/packages/nope-xyz/downloads"])
def test_unknown_package(api: Served, path: str) -> None:
    answer = api.client.get(path, params={"by": "version"})
    assert (answer.status_code, answer.json()["title"]) == (404, "Unknown package")
    assert answer.json()["detail"].startswith("ClickHouse has no downloads")


@pytest.mark.parametrize("query", [{"by": "version"}, {"version": "1.0"}])
def test_all_of_pypi_has_no_versions(api: Served, query: dict[str, str]) -> None:
    answer = api.client.get("/packages/__all__/downloads", params=query)
    assert answer.status_code == 422
    assert [error["parameter"] for error in answer.json()["errors"]] == list(query)


def test_requests_that_differ_in_form_share_a_query(server: ClickHouse) -> None:
    """Of the hourly limit: a quarter of it, here two, may be made at once."""
    clickhouse = {**server.environ(), "CLICKHOUSE_PER_HOUR": "8"}
    with (
        FakePypistats(now=NOON, limits=False) as fake_pypistats,
        served(fake_pypistats.url, Clock(NOON), **clickhouse) as api,
    ):
        for limit in ("1", "5", "30"):
            for period in ("day", "week", "month"):
                get(api, DOWNLOADS, by="version", limit=limit, period=period)
        for limit in ("1", "10", "500"):
            get(api, "/top", limit=limit)
        answer = api.client.get(DOWNLOADS, params={"by": "country"})
        assert (answer.status_code, answer.json()["title"]) == (503, "Upstream throttled")
        assert int(answer.headers["retry-after"]) > 60


HOSTILE: Final = (
    "=HYPERLINK(1)",
    "<script>alert(1)</script>",
    "'; DROP TABLE pypi; --",
    "a\u202eb",
    "é" * 500,
)


@pytest.mark.parametrize("by", ["version", "country", "installer", "file_type"])
def test_hostile_categories(server: ClickHouse, fake_pypistats: FakePypistats, by: str) -> None:
    """Anyone may send PyPI any installer; none breaks an answer, a spreadsheet or a picture."""
    rows = [
        Row("hostile", NEWEST.isoformat(), one, one, one, one, "3.13", "Linux", 10 + number)
        for number, one in enumerate(HOSTILE)
    ]
    database = f"hostile_{by}"
    create_tables(server, database)
    load_sums(server, rows, database)
    clickhouse = {**server.environ(), "CLICKHOUSE_PER_HOUR": "0", "CLICKHOUSE_DATABASE": database}
    with served(fake_pypistats.url, Clock(NOON), **clickhouse) as api:
        path = "/packages/hostile/downloads"
        found = totals(get(api, path, by=by))
        assert sum(found.values()) == sum(row.downloads for row in rows)
        assert found.keys() == {*HOSTILE[:3], "other"}  # unreadable and long ones are summed up
        text = api.client.get(path, params={"by": by, "format": "csv"}).text
        assert f",'{HOSTILE[0]},10\r\n" in text
        chart = api.client.get("/packages/hostile/chart.svg", params={"by": by})
        assert chart.headers["x-pulse-status"] == "200"
        assert "<script" not in chart.text
        ET.fromstring(chart.text)  # noqa: S314 - our own picture
