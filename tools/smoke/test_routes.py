"""Every route answers as the contract says, and its numbers add up."""

import csv
import io
import re
from collections import Counter

import pytest

from tools.smoke.api import QUERIES, Api, said

SERIES = "/packages/{package}/downloads?by=system&period=month"


def test_openapi(api: Api) -> None:
    version = api.get("/openapi.json").json()["openapi"]
    assert version.startswith("3.1")


def test_docs(api: Api) -> None:
    page = api.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert "/openapi.json" in page.text, "the page does not show /openapi.json"


def test_page(api: Api) -> None:
    """With its styles and its script."""
    page = api.get("/?packages={package}")
    assert page.headers["content-type"].startswith("text/html")
    assert f"Downloads of {api.package}" in page.text
    files = re.findall(r'/static/[^"]+', page.text)
    assert files, "the page has no styles"
    for file in files:
        assert "immutable" in api.get(file).headers["cache-control"], file


def test_contract(api: Api, route: str) -> None:
    response = api.ask(route + QUERIES.get(route, ""))
    # 501: the stack lacks what the route needs, such as a history table.
    assert response.status_code in {200, 501}, said(response)
    api.matches_contract(route, response)


def test_health(api: Api) -> None:
    assert api.get("/health").json()["variant"] == "fastapi"


def test_summary(api: Api) -> None:
    stats = api.get("/packages/{package}").json()
    assert stats["package"] == api.package
    spans = [stats[name] for name in ("last_day", "last_week", "last_month", "total_downloads")]
    assert spans == sorted(spans), "a longer span has fewer downloads"


def test_any_spelling(api: Api) -> None:
    assert api.get(f"/packages/{api.package.upper()}").json()["package"] == api.package


def test_all_of_pypi(api: Api) -> None:
    response = api.ask("/packages/__all__")
    unknown = (
        "__all__ is unknown, so PYPISTATS_URL is not the address of an API like pypistats.org's"
    )
    assert response.status_code != 404, unknown
    assert response.is_success, said(response)


def test_series_adds_up(api: Api) -> None:
    for series in api.get(SERIES).json()["series"]:
        points = sum(point["downloads"] for point in series["points"])
        assert points == series["total"], f"{series['category']} does not add up"


def test_csv_equals_json(api: Api) -> None:
    response = api.get(f"{SERIES}&format=csv")
    api.matches_contract("/packages/{package}/downloads", response)
    rows = csv.DictReader(io.StringIO(response.text))
    assert rows.fieldnames == ["date", "category", "downloads"]
    totals = Counter[str]()
    for row in rows:
        totals[row["category"]] += int(row["downloads"])
    assert totals == {one["category"]: one["total"] for one in api.get(SERIES).json()["series"]}


def test_comparison_keeps_order(api: Api) -> None:
    entries = api.get("/compare?packages={other},{package}").json()["packages"]
    assert [entry["package"] for entry in entries] == [api.other, api.package]
    for entry in entries:
        assert entry["status"] in {"ok", "stale"}, entry


@pytest.mark.parametrize(
    "endpoint", ["recent", "overall", "python_major", "python_minor", "system"]
)
def test_drop_in(api: Api, endpoint: str) -> None:
    body = api.get("/api/packages/{package}/" + endpoint).json()
    assert (body["package"], body["type"]) == (api.package, f"{endpoint}_downloads")
    assert body["data"]
