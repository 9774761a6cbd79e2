"""Download series from both variants."""

from typing import Any

import httpx
import pytest

from tests.contract.variants import Ask, asking, handler_of
from tests.serving import NO_CERTIFICATES
from tools.fake_pypistats import FakePypistats
from tools.fake_pypistats.packages import DEBUT, MIRRORED, RETIRED


def upstream_rows(fake_pypistats: FakePypistats, by: str) -> dict[tuple[str, str], int]:
    answer = httpx.get(
        f"{fake_pypistats.url}/api/packages/requests/{by}", trust_env=False, verify=NO_CERTIFICATES
    )
    return {(row["category"], row["date"]): row["downloads"] for row in answer.json()["data"]}


@pytest.mark.parametrize("by", ["overall", "python_major", "python_minor", "system"])
def test_points_are_rows_or_zero(ask: Ask, fake_pypistats: FakePypistats, by: str) -> None:
    answer = ask("/packages/requests/downloads", f"by={by}")
    assert answer.status == 200
    body: dict[str, Any] = answer.json
    rows = upstream_rows(fake_pypistats, by)
    points = {
        (one["category"], point["date"]): point["downloads"]
        for one in body["series"]
        for point in one["points"]
    }
    assert points == {**dict.fromkeys(points, 0), **rows}
    assert all(point["complete"] for one in body["series"] for point in one["points"])
    dates = [point["date"] for point in body["series"][0]["points"]]
    assert len(dates) == 181
    assert (dates[0], dates[-1]) == (body["start"], body["end"]) == ("2026-05-25", "2026-11-21")
    assert body["missing_dates"] == sorted(set(dates) - {date for _, date in rows})


def test_csv_is_text(ask: Ask) -> None:
    answer = ask("/packages/requests/downloads", "format=csv&start=2026-11-20&mirrors=false")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    header, *lines = answer.body.removesuffix("\r\n").split("\r\n")
    assert header == "date,category,downloads"
    assert [line.rsplit(",", 1)[0] for line in lines] == [
        "2026-11-20,without_mirrors",
        "2026-11-21,without_mirrors",
    ]


@pytest.mark.parametrize(
    ("package", "query", "days"),
    [
        ("requests", "start=2020-01-01&end=2027-01-01", ("2026-05-25", "2026-11-21", 181)),
        (RETIRED, "start=2026-11-21&end=2026-11-22", ("2026-11-21", "2026-11-21", 1)),
        (DEBUT, "start=2020-01-01&end=2020-12-31", ("2020-01-01", "2020-12-31", 0)),
    ],
)
def test_any_date_is_allowed(
    ask: Ask, package: str, query: str, days: tuple[str, str, int]
) -> None:
    answer = ask(f"/packages/{package}/downloads", query)
    assert answer.status == 200
    body = answer.json
    assert body["as_of"] == "2026-11-21"
    for one in body["series"]:
        assert (body["start"], body["end"], len(one["points"])) == days


def test_any_date_is_allowed_in_csv(ask: Ask) -> None:
    answer = ask(f"/packages/{RETIRED}/downloads", "start=2030-01-01&format=csv")
    assert (answer.status, answer.body) == (200, "date,category,downloads\r\n")


@pytest.mark.parametrize("by", ["python_major", "python_minor", "system"])
def test_mirrors_only_package_has_empty_series(ask: Ask, by: str) -> None:
    answer = ask(f"/packages/{MIRRORED}/downloads", f"by={by}&start=2026-11-20")
    assert answer.status == 200
    assert (answer.json["series"], answer.json["as_of"]) == ([], "2026-11-21")
    assert ask(f"/packages/{MIRRORED}").json["total_downloads"] > 0
    unknown = ask("/packages/no-such-package-xyz/downloads", f"by={by}")
    assert unknown.json["type"] == "urn:pypi-pulse:problem:unknown-package"


def test_as_of_without_rows_and_without_all(ask: Ask, fake_pypistats: FakePypistats) -> None:
    """Without rows, and without any hint of the loaded day, `as_of` is the expected newest day."""
    fake_pypistats.set_rules("500:overall:__all__")
    answer = ask(f"/packages/{MIRRORED}/downloads", "by=system")
    assert (answer.status, answer.json["series"], answer.json["as_of"]) == (200, [], "2026-11-21")


@pytest.mark.parametrize(
    ("query", "parameter", "says"),
    [
        ("start=2026-11-10&end=2026-11-09", "start", "It is after the end, 2026-11-09."),
        ("start=soon", "start", "It must be a date such as"),
        ("by=planet", "by", "'overall'"),
        ("period=year", "period", "'month'"),
        ("by=system&mirrors=true", "mirrors", "never include downloads by mirrors"),
        ("format=xml", "format", "'csv'"),
        ("mirrors=maybe", "mirrors", "'true'"),
        ("limit=5", "limit", "by=version"),
        ("by=file_type&limit=5", "limit", "by=version"),
        ("by=version&limit=0", "limit", "greater than or equal to 1"),
        ("by=version&limit=31", "limit", "less than or equal to 30"),
        ("by=version&limit=many", "limit", "valid integer"),
        ("version=", "version", "String should match"),
        ("version=1.0'%20OR%201=1", "version", "String should match"),
        ("version=1.0%0A", "version", "String should match"),
        ("version=" + 65 * "1", "version", "at most 64 characters"),
        ("since=2026-11-01", "since", "no such parameter"),
        ("start=", "start", "It must be a date such as"),
    ],
)
def test_bad_query_is_explained(ask: Ask, query: str, parameter: str, says: str) -> None:
    answer = ask("/packages/requests/downloads", query)
    assert answer.status == 422
    (error,) = answer.json["errors"]
    assert error["parameter"] == parameter
    assert says in error["detail"]


def test_guessed_days_without_all_of_pypi(ask: Ask, fake_pypistats: FakePypistats) -> None:
    """Each package is as of its own newest day, as long as none has the expected one."""
    fake_pypistats.set_rules("500:overall:__all__", "half-loaded:overall")
    compared = ask("/compare", "packages=docutils,regex").json["packages"]
    days = {entry["package"]: entry["stats"]["as_of"] for entry in compared}
    assert days == {"docutils": "2026-11-19", "regex": "2026-11-20"}


@pytest.mark.parametrize(
    "query",
    ["by=version", "by=country", "by=installer&mirrors=false", "by=file_type", "version=1.0"],
)
def test_only_clickhouse_has_it(ask: Ask, variant: str, query: str) -> None:
    answer = ask("/packages/requests/downloads", query)
    assert (answer.status, answer.json["title"]) == (501, "Not configured")
    assert "setting CLICKHOUSE_URL switches" in answer.json["detail"]
    assert ("The FastAPI variant" in answer.json["detail"]) == variant.startswith("flask")


@pytest.mark.parametrize(
    ("path", "query", "what"),
    [
        ("/top", "", "a list of the most downloaded packages"),
        ("/packages/requests/total", "by=version", "downloads by version"),
    ],
)
def test_route_needs_clickhouse(
    fake_pypistats: FakePypistats, path: str, query: str, what: str
) -> None:
    with handler_of("fastapi", PYPISTATS_URL=fake_pypistats.url) as handler:
        answer = asking(handler)(path, query)
    assert (answer.status, answer.json["title"]) == (501, "Not configured")
    assert f"does not have {what}. The setting CLICKHOUSE_URL" in answer.json["detail"]


def test_total_needs_history(fake_pypistats: FakePypistats) -> None:
    with handler_of("fastapi", PYPISTATS_URL=fake_pypistats.url) as handler:
        answer = asking(handler)("/packages/requests/total")
    assert (answer.status, answer.json["title"]) == (501, "Not configured")
    assert "HISTORY_TABLE" in answer.json["detail"]
