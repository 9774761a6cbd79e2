"""Each line of upstream.md about paths, parameters, rows, names and errors, over HTTP."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import httpx

HTML = "text/html; charset=utf-8"
SERIES = ("overall", "python_major", "python_minor", "system")
FILTERED = ("python_major", "python_minor", "system")


def rows(client: httpx.Client, path: str) -> list[dict[str, Any]]:
    response = client.get(f"/api/packages/{path}")
    assert response.status_code == 200
    found: list[dict[str, Any]] = response.json()["data"]
    return found


def categories(client: httpx.Client, path: str) -> list[str]:
    return list(dict.fromkeys(row["category"] for row in rows(client, path)))


@pytest.mark.parametrize("endpoint", ["recent", *SERIES])
def test_an_answer_tells_its_type_and_package(client: httpx.Client, endpoint: str) -> None:
    response = client.get(f"/api/packages/requests/{endpoint}")

    assert response.headers["content-type"] == "application/json"
    assert response.json()["type"] == f"{endpoint}_downloads"
    assert response.json()["package"] == "requests"


@pytest.mark.parametrize("endpoint", ["recent", *SERIES])
def test_keys_are_sorted_and_the_json_is_compact_with_a_newline(
    client: httpx.Client, endpoint: str
) -> None:
    text = client.get(f"/api/packages/requests/{endpoint}").text

    expected = json.dumps(json.loads(text), sort_keys=True, separators=(",", ":")) + "\n"
    assert text == expected


@pytest.mark.parametrize("endpoint", ["recent", *SERIES])
def test_a_trailing_slash_is_a_404(client: httpx.Client, endpoint: str) -> None:
    assert client.get(f"/api/packages/requests/{endpoint}/").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/api/packages/requests",
        "/api/packages//recent",
        "/api/packages/a%2Fb/recent",
        "/api/packages/requests/Recent",
        "/api/packages/requests/weekly",
        "/packages/requests/recent",
    ],
)
def test_another_path_is_a_404_in_html(client: httpx.Client, path: str) -> None:
    response = client.get(path)

    assert response.status_code == 404
    assert response.text == "404"
    assert response.headers["content-type"] == HTML


def test_recent_holds_day_month_and_week(client: httpx.Client) -> None:
    data = client.get("/api/packages/requests/recent").json()["data"]

    assert list(data) == ["last_day", "last_month", "last_week"]
    assert 0 < data["last_day"] < data["last_week"] < data["last_month"]


@pytest.mark.parametrize("period", ["day", "week", "month"])
def test_recent_with_a_period_holds_that_alone(client: httpx.Client, period: str) -> None:
    whole = client.get("/api/packages/requests/recent").json()["data"]

    data = client.get(f"/api/packages/requests/recent?period={period}").json()["data"]

    assert data == {f"last_{period}": whole[f"last_{period}"]}


@pytest.mark.parametrize("query", ["period=", "period", "period=year", "period=Day", "period=day,"])
def test_recent_with_any_other_period_is_a_404(client: httpx.Client, query: str) -> None:
    response = client.get(f"/api/packages/requests/recent?{query}")

    assert (response.status_code, response.text) == (404, "404")


@pytest.mark.parametrize("package", ["requests", "__all__", "pulse-newcomer", "pulse-hermit"])
def test_recent_is_the_end_of_overall_without_mirrors(client: httpx.Client, package: str) -> None:
    newest = date(2026, 11, 21)
    daily = {
        row["date"]: row["downloads"] for row in rows(client, f"{package}/overall?mirrors=false")
    }

    def last(days: int) -> int:
        return sum(daily.get(str(newest - timedelta(days=back)), 0) for back in range(days))

    data = client.get(f"/api/packages/{package}/recent").json()["data"]
    assert data == {"last_day": last(1), "last_week": last(7), "last_month": last(30)}


def test_overall_is_ordered_by_category_then_date(client: httpx.Client) -> None:
    found = [(row["category"], row["date"]) for row in rows(client, "requests/overall")]

    assert found == sorted(found)
    assert categories(client, "requests/overall") == ["with_mirrors", "without_mirrors"]
    assert rows(client, "requests/overall")[0].keys() == {"category", "date", "downloads"}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("mirrors=true", ["with_mirrors"]),
        ("mirrors=false", ["without_mirrors"]),
        ("&mirrors=true", ["with_mirrors"]),
        ("mirrors=True", ["with_mirrors", "without_mirrors"]),
        ("mirrors=", ["with_mirrors", "without_mirrors"]),
        ("mirrors=no", ["with_mirrors", "without_mirrors"]),
        ("mirrors=true&mirrors=false", ["with_mirrors"]),
        ("version=3", ["with_mirrors", "without_mirrors"]),
    ],
)
def test_overall_heeds_exactly_true_and_false(
    client: httpx.Client, query: str, expected: list[str]
) -> None:
    assert categories(client, f"requests/overall?{query}") == expected


def test_versions_are_ordered_as_strings(client: httpx.Client) -> None:
    minor = categories(client, "requests/python_minor")

    assert minor == sorted(minor)
    assert minor.index("3.10") < minor.index("3.9")
    assert minor[-1] == "null"
    assert categories(client, "requests/python_major") == ["2", "3", "null"]


def test_systems_are_ordered_without_regard_to_case(client: httpx.Client) -> None:
    expected = ["Darwin", "Linux", "null", "other", "Windows"]

    assert categories(client, "requests/system") == expected


@pytest.mark.parametrize("endpoint", FILTERED)
def test_dates_within_a_category_ascend(client: httpx.Client, endpoint: str) -> None:
    found = rows(client, f"requests/{endpoint}")

    for category in {row["category"] for row in found}:
        dates = [row["date"] for row in found if row["category"] == category]
        assert dates == sorted(set(dates))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("python_major?version=2", ["2"]),
        ("python_major?version=3", ["3"]),
        ("python_minor?version=3.10", ["3.10"]),
        ("system?os=windows", ["Windows"]),
        ("system?os=LINUX", ["Linux"]),
        ("system?os=Darwin", ["Darwin"]),
    ],
)
def test_a_good_filter_finds_its_category(
    client: httpx.Client, query: str, expected: list[str]
) -> None:
    whole = rows(client, f"requests/{query.partition('?')[0]}")

    found = rows(client, f"requests/{query}")

    assert categories(client, f"requests/{query}") == expected
    assert found == [row for row in whole if row["category"] == expected[0]]


@pytest.mark.parametrize(
    "query",
    [
        "python_major?version=4",
        "python_major?version=",
        "python_minor?version=3",
        "python_minor?version",
        "system?os=beos",
        "system?os=",
    ],
)
def test_a_bad_filter_finds_nothing_and_is_no_error(client: httpx.Client, query: str) -> None:
    assert rows(client, f"requests/{query}") == []


@pytest.mark.parametrize(
    "query",
    [
        "python_major?version=null",
        "python_minor?version=null",
        "system?os=null",
        "system?os=other",
        "system?os=Other",
    ],
)
def test_the_flaw_capitals_hide_null_and_other(client: httpx.Client, query: str) -> None:
    assert rows(client, f"requests/{query}") == []


@pytest.mark.parametrize("endpoint", ["recent", "overall"])
def test_an_unknown_package_is_a_404_on_recent_and_overall(
    client: httpx.Client, endpoint: str
) -> None:
    response = client.get(f"/api/packages/no-such-thing/{endpoint}")

    assert (response.status_code, response.text) == (404, "404")
    assert response.headers["content-type"] == HTML


@pytest.mark.parametrize("endpoint", FILTERED)
def test_an_unknown_package_is_empty_data_on_the_others(
    client: httpx.Client, endpoint: str
) -> None:
    response = client.get(f"/api/packages/no.such_thing/{endpoint}")

    assert response.status_code == 200
    assert response.text == (
        f'{{"data":[],"package":"no-such-thing","type":"{endpoint}_downloads"}}\n'
    )


@pytest.mark.parametrize("name", ["typing_extensions", "typing.extensions", "typing-extensions"])
def test_dots_and_underscores_become_hyphens(client: httpx.Client, name: str) -> None:
    response = client.get(f"/api/packages/{name}/recent")

    assert response.json()["package"] == "typing-extensions"


@pytest.mark.parametrize("name", ["Requests", "typing__extensions", "typing._extensions"])
def test_names_are_neither_lower_cased_nor_collapsed(client: httpx.Client, name: str) -> None:
    assert client.get(f"/api/packages/{name}/recent").status_code == 404


def test_the_name_of_all_packages_is_left_alone(client: httpx.Client) -> None:
    assert client.get("/api/packages/__all__/overall").json()["package"] == "__all__"
    assert client.get("/api/packages/__ALL__/system").json()["package"] == "--ALL--"


def test_a_name_is_percent_decoded_and_escaped_as_ascii(client: httpx.Client) -> None:
    response = client.get("/api/packages/caf%C3%A9/system")

    assert '"package":"caf\\u00e9"' in response.text


@pytest.mark.parametrize("endpoint", ["recent", *SERIES])
def test_every_answer_with_data_says_that_it_is_simulated(
    client: httpx.Client, endpoint: str
) -> None:
    response = client.get(f"/api/packages/requests/{endpoint}")

    assert response.headers["x-pulse-source"] == "simulated"


def test_an_empty_answer_says_so_too_and_an_error_does_not(client: httpx.Client) -> None:
    empty = client.get("/api/packages/no-such-thing/system")
    missing = client.get("/api/packages/no-such-thing/recent")

    assert empty.headers["x-pulse-source"] == "simulated"
    assert "x-pulse-source" not in missing.headers


def test_nothing_is_said_about_caching_or_other_origins(client: httpx.Client) -> None:
    response = client.get("/api/packages/requests/recent", headers={"Origin": "https://a.example"})

    assert response.headers.keys() == {
        "date",
        "connection",
        "content-type",
        "content-length",
        "x-pulse-source",
    }


def test_head_is_get_without_its_body(client: httpx.Client) -> None:
    get = client.get("/api/packages/requests/overall")

    head = client.head("/api/packages/requests/overall")

    assert head.status_code == 200
    assert head.content == b""
    assert head.headers["content-length"] == str(len(get.content))
    assert head.headers["x-pulse-source"] == "simulated"


def test_options_tells_the_methods(client: httpx.Client) -> None:
    response = client.options("/api/packages/requests/overall")

    assert (response.status_code, response.content) == (200, b"")
    assert response.headers["allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "PROPFIND"])
def test_any_other_method_is_a_405_in_html(client: httpx.Client, method: str) -> None:
    response = client.request(method, "/api/packages/requests/overall", content=b"x")

    assert response.status_code == 405
    assert response.headers["content-type"] == HTML
    assert client.request(method, "/elsewhere").status_code == 404
