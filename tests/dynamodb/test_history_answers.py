"""Answers reach back beyond upstream's window, and over days that upstream has lost."""

import datetime as dt
import html
import os
import re
from collections.abc import Iterator
from typing import Any

import pytest

from pulse.svg_text import abbreviated
from tests.dynamodb.table_at import TableAt
from tests.http.served import Clock, Served, served
from tests.pictures import read
from tools.fake_pypistats import FakePypistats
from tools.fake_pypistats.packages import HERMIT

NOON = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
WINDOW_START = "2026-05-25"
LATER = dt.timedelta(days=100)
DOWNLOADS = "/packages/requests/downloads"


@pytest.fixture
def clock() -> Clock:
    return Clock(NOON)


@pytest.fixture
def fake_pypistats(clock: Clock) -> Iterator[FakePypistats]:
    with FakePypistats(now=clock, limits=False) as fake_pypistats:
        yield fake_pypistats


@pytest.fixture
def api(history_table: TableAt, fake_pypistats: FakePypistats, clock: Clock) -> Iterator[Served]:
    """The API with a table of history that has seen `requests` at noon."""
    aws = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    with served(
        fake_pypistats.url, clock, **aws, HISTORY_TABLE=history_table.name, CACHE_TABLE=""
    ) as api:
        yield api


def get(api: Served, path: str, **query: str) -> Any:  # noqa: ANN401 - any JSON
    answer = api.client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def points(series: Any) -> dict[str, int]:  # noqa: ANN401 - any JSON
    """The days of the first category, with their downloads."""
    return {point["date"]: point["downloads"] for point in series["series"][0]["points"]}


@pytest.mark.parametrize("by", ["overall", "system"])
def test_days_that_upstream_dropped_are_answered(api: Served, clock: Clock, by: str) -> None:
    first = get(api, DOWNLOADS, by=by)
    clock.now += LATER
    later = get(api, DOWNLOADS, by=by, start="2020-01-01")
    assert later["start"] == WINDOW_START
    assert len(points(later)) == 181 + LATER.days
    assert points(first).items() <= points(later).items()
    months = get(api, DOWNLOADS, by=by, start="2020-01-01", period="month")
    assert [one["total"] for one in months["series"]] == [one["total"] for one in later["series"]]


def test_csv_reaches_back(api: Served, clock: Clock) -> None:
    get(api, DOWNLOADS)
    clock.now += LATER
    query = {"start": "2026-06-01", "end": "2026-06-01", "format": "csv", "mirrors": "true"}
    answer = api.client.get(DOWNLOADS, params=query)
    assert answer.text.splitlines()[1].startswith("2026-06-01,with_mirrors,")


def test_without_a_start_the_window_is_answered(api: Served, clock: Clock) -> None:
    get(api, DOWNLOADS)
    clock.now += LATER
    assert get(api, DOWNLOADS)["start"] == "2026-09-02"


def test_drop_in_and_summary_keep_to_upstream_s_window(api: Served, clock: Clock) -> None:
    get(api, "/packages/requests")
    clock.now += LATER
    assert get(api, "/packages/requests")["first_date"] == "2026-09-02"
    rows = get(api, "/api/packages/requests/overall")["data"]
    assert min(row["date"] for row in rows) == "2026-09-02"


def test_total_is_the_sum_since_the_first_kept_day(api: Served, clock: Clock) -> None:
    window = get(api, "/packages/requests")
    total = get(api, "/packages/requests/total")
    assert total["total_downloads"] == window["total_downloads"]
    assert total["since"] == WINDOW_START
    clock.now += LATER
    later = get(api, "/packages/requests/total")
    everything = get(api, DOWNLOADS, start="2020-01-01", mirrors="true")
    assert later["total_downloads"] == everything["series"][0]["total"]
    assert later["total_downloads"] > total["total_downloads"]
    assert (later["since"], later["mirrors"]) == (WINDOW_START, True)
    without = get(api, "/packages/requests/total", mirrors="false")
    assert without["total_downloads"] < later["total_downloads"]


def test_forgotten_package_has_its_kept_days(
    api: Served, fake_pypistats: FakePypistats, clock: Clock
) -> None:
    """Upstream does not know a package that nobody has downloaded for longer than its window."""
    first = get(api, DOWNLOADS, mirrors="true")
    clock.now += LATER
    fake_pypistats.set_rules("404:*:requests")
    later = get(api, DOWNLOADS, mirrors="true", start="2020-01-01")
    assert (later["start"], later["end"], later["as_of"]) == (WINDOW_START, *2 * ["2027-03-01"])
    assert points(later) == {day: points(first).get(day, 0) for day in points(later)}
    assert get(api, "/packages/requests/total")["total_downloads"] == first["series"][0]["total"]
    compared = get(api, "/compare/downloads", packages="requests,flask", start="2026-06-01")
    assert [entry["status"] for entry in compared["packages"]] == ["ok", "ok"]
    for path in ("/packages/requests", "/packages/no-such-package/downloads?start=2020-01-01"):
        assert api.client.get(path).status_code == 404


def test_forgotten_package_is_not_unknown_while_upstream_fails(
    api: Served, fake_pypistats: FakePypistats, clock: Clock
) -> None:
    """The newest loaded day is not known then."""
    get(api, DOWNLOADS)
    clock.now += LATER
    fake_pypistats.set_rules("404:*:requests", "500:*:__all__")
    answer = api.client.get(DOWNLOADS, params={"start": "2026-06-01"})
    assert answer.status_code == 502
    assert answer.json()["type"] == "urn:pypi-pulse:problem:upstream-broken"


def test_kept_day_without_a_row_is_zero(api: Served, clock: Clock) -> None:
    """Whether the request starts with it or before it."""
    path = f"/packages/{HERMIT}/downloads"
    window = get(api, path, mirrors="true")
    day = window["missing_dates"][3]
    assert points(window)[day] == 0
    clock.now += LATER
    alone = get(api, path, mirrors="true", start=day, end=day)
    assert (alone["start"], points(alone), alone["missing_dates"]) == (day, {day: 0}, [day])
    query = {"packages": HERMIT, "start": day, "end": day}
    (entry,) = get(api, "/compare/downloads", **query)["packages"]
    assert [point["downloads"] for point in entry["points"]] == [0]


def test_days_that_are_not_kept_are_not_zero(api: Served, clock: Clock) -> None:
    """A package that was never asked for has no points before upstream's window."""
    get(api, DOWNLOADS)
    clock.now += LATER
    compared = get(api, "/compare/downloads", **COMPARED, start="2026-08-31", end="2026-09-03")
    kept, other = ([point["date"] for point in one["points"]] for one in compared["packages"])
    assert kept == ["2026-08-31", "2026-09-01", "2026-09-02", "2026-09-03"]
    assert other == ["2026-09-02", "2026-09-03"]


def test_table_that_fails_is_a_503_only_beyond_the_window(
    api: Served, clock: Clock, history_table: TableAt
) -> None:
    get(api, DOWNLOADS)
    history_table.client.delete_table(TableName=history_table.name)
    clock.now += LATER
    assert api.client.get(DOWNLOADS).status_code == 200
    assert api.client.get(DOWNLOADS, params={"start": "2026-10-01"}).status_code == 200
    for path, query in ((DOWNLOADS, {"start": "2026-06-01"}), ("/packages/requests/total", {})):
        answer = api.client.get(path, params=query)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert answer.json()["type"] == "urn:pypi-pulse:problem:history-unavailable"


COMPARED = {"packages": "requests,flask"}


def test_comparison_reaches_back(api: Served, clock: Clock) -> None:
    """As JSON and CSV, with the days that upstream answered when it still had them."""
    first = get(api, "/compare/downloads", **COMPARED)
    clock.now += LATER
    long_ago = (clock.now - dt.timedelta(days=400)).date().isoformat()
    later = get(api, "/compare/downloads", **COMPARED, start=long_ago)
    assert later["start"] == WINDOW_START
    for before, after in zip(first["packages"], later["packages"], strict=True):
        answered = {point["date"]: point["downloads"] for point in after["points"]}
        assert len(answered) == 181 + LATER.days
        assert {
            point["date"]: point["downloads"] for point in before["points"]
        }.items() <= answered.items()
        alone = get(api, f"/packages/{after['package']}/downloads", start=long_ago, mirrors="true")
        assert after["total"] == alone["series"][0]["total"]
    query = {**COMPARED, "start": long_ago, "format": "csv"}
    lines = api.client.get("/compare/downloads", params=query).text.splitlines()
    assert lines[1].startswith(f"requests,{WINDOW_START},")
    assert len(lines) == 1 + 2 * (181 + LATER.days)


@pytest.mark.parametrize(
    ("path", "query", "json_query"),
    [
        ("/packages/requests", {}, {"mirrors": "true"}),
        ("/packages/requests", {"by": "system"}, {"by": "system"}),
        ("/compare", COMPARED, COMPARED),
        ("/compare", {**COMPARED, "scale": "log", "width": "400"}, COMPARED),
    ],
)
def test_chart_reaches_back(
    api: Served, clock: Clock, path: str, query: dict[str, str], json_query: dict[str, str]
) -> None:
    """A range that upstream no longer has any day of."""
    dates = {"start": "2026-06-01", "end": "2026-08-31"}
    get(api, f"{path}/downloads", **json_query)
    clock.now += LATER
    answer = api.client.get(f"{path}/chart.svg", params={**query, **dates})
    assert answer.headers["x-pulse-status"] == "200"
    chart = read(answer.text)
    assert "From 2026-06-01 to 2026-08-31." in chart.description
    found = get(api, f"{path}/downloads", **json_query, **dates)
    totals = [one["total"] for one in found.get("series") or found["packages"]]
    assert all(totals)
    for total in totals:
        assert f": {total:,} downloads" in chart.description


def test_badge_has_the_total_of_all_kept_days(api: Served, clock: Clock) -> None:
    get(api, "/packages/requests")
    clock.now += LATER
    totals = {}
    for mirrors in ("true", "false"):
        query = {"period": "total", "mirrors": mirrors}
        badge = read(api.client.get("/packages/requests/badge.svg", params=query).text)
        figures = get(api, "/packages/requests/total", mirrors=mirrors)
        totals[mirrors] = figures["total_downloads"]
        assert badge.texts[-1] == f"{abbreviated(totals[mirrors])} total"
        endpoint = get(api, "/packages/requests/badge.json", **query)
        assert endpoint["message"] == badge.texts[-1]
        assert not endpoint["isError"]
    window = get(api, "/packages/requests")["total_downloads"]
    assert totals["true"] > 1.3 * window


def test_images_without_their_history_say_so(
    api: Served, clock: Clock, history_table: TableAt
) -> None:
    """They never show fewer days or a smaller sum as if it were all."""
    get(api, "/packages/requests")
    history_table.client.delete_table(TableName=history_table.name)
    clock.now += LATER
    for path in ("badge.svg?period=total", "chart.svg?start=2026-06-01"):
        answer = api.client.get(f"/packages/requests/{path}")
        assert (answer.status_code, answer.headers["x-pulse-status"]) == (200, "503")
        assert "max-age=60," in answer.headers["cache-control"]
        read(answer.text)
    assert api.client.get("/packages/requests/chart.svg").headers["x-pulse-status"] == "200"


def test_preview_and_page_show_everything_alike(api: Served, clock: Clock) -> None:
    view = "/?packages=flask,requests&days=all"
    assert api.client.get(view).status_code == 200
    clock.now += LATER
    page = api.client.get(view).text
    assert "From 2026-05-25 to 2027-03-01." in page
    assert '"days":281,' in page
    short = api.client.get("/preview.png?packages=flask,requests&days=30").content
    whole = api.client.get("/preview.png?packages=flask,requests&days=all").content
    assert short[:4] == whole[:4] == b"\x89PNG"
    assert short != whole


@pytest.mark.parametrize("packages", ["requests", "flask,requests"])
def test_what_is_copied_reaches_back(api: Served, clock: Clock, packages: str) -> None:
    """The chart and the CSV file of a page that shows everything do so too."""
    get(api, "/compare/downloads", **COMPARED)
    clock.now += LATER
    page = html.unescape(api.client.get(f"/?packages={packages}&days=all").text)
    chart, csv = (
        re.findall(rf"{api.url}/[^\s'\")]*{kind}[^\s'\")]*", page)[0]
        for kind in ("chart.svg", "csv")
    )
    assert "From 2026-05-25 to 2027-03-01." in read(api.client.get(chart).text).description
    assert len(api.client.get(csv).text.splitlines()) == 1 + 281 * len(packages.split(","))
    month = html.unescape(api.client.get(f"/?packages={packages}&days=30").text)
    (csv, *_) = re.findall(rf"{api.url}/[^\s'\")]*csv[^\s'\")]*", month)
    assert len(api.client.get(csv).text.splitlines()) == 1 + 30 * len(packages.split(","))


@pytest.mark.parametrize(("days", "shown"), [("all", 281), ("365", 281), ("180", 180)])
def test_page_reaches_back(api: Served, clock: Clock, days: str, shown: int) -> None:
    assert api.client.get("/?packages=requests").status_code == 200
    clock.now += LATER
    view = "" if days == "180" else f"&days={days}"
    page = api.client.get(f"/?packages=requests{view}")
    assert f'"days":{shown},' in page.text
    assert ">1 year</a>" in page.text
