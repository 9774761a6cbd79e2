"""Paths, parameters, rows, names and errors are pypistats.org's."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from tools.fake_pypistats import answers, data
from tools.fake_pypistats.answers import Answer
from tools.fake_pypistats.packages import HERMIT
from tools.fake_pypistats.routes import ENDPOINTS, question
from tools.fake_pypistats.window import days_until

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
NEWEST = date(2026, 11, 21)
HTML = ("Content-Type", "text/html; charset=utf-8")


def asked(path: str, method: str = "GET", now: datetime = NOW) -> Answer:
    return answers.answer(method, question(f"/api/packages/{path}"), now)


def content(path: str) -> dict[str, Any]:
    found = asked(path)
    assert found.status == 200
    read: dict[str, Any] = json.loads(found.body)
    return read


def categories(path: str) -> list[str]:
    return list(dict.fromkeys(row["category"] for row in content(path)["data"]))


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_answer_is_compact_sorted_simulated_json(endpoint: str) -> None:
    found = asked(f"requests/{endpoint}")
    read = json.loads(found.body)
    assert found.headers == (("Content-Type", "application/json"), ("X-Pulse-Source", "simulated"))
    assert found.body.decode() == json.dumps(read, sort_keys=True, separators=(",", ":")) + "\n"
    assert (read["type"], read["package"]) == (f"{endpoint}_downloads", "requests")


@pytest.mark.parametrize(
    "target",
    [
        "/",
        "/api/packages/requests",
        "/api/packages//recent",
        "/api/packages/a%2Fb/recent",
        "/api/packages/requests/Recent",
        "/api/packages/requests/weekly",
        "/api/packages/requests/overall/",
        "/packages/requests/recent",
    ],
)
def test_other_path_is_html_404(target: str) -> None:
    found = answers.answer("POST", question(target), NOW)
    assert (found.status, found.body, found.headers) == (404, b"404", (HTML,))


@pytest.mark.parametrize("package", ["requests", "__all__", "pulse-newcomer", HERMIT])
def test_recent_is_the_end_of_overall_without_mirrors(package: str) -> None:
    rows = content(f"{package}/overall?mirrors=false")["data"]
    daily = {row["date"]: row["downloads"] for row in rows}

    def last(days: int) -> int:
        return sum(daily.get(str(NEWEST - timedelta(days=back)), 0) for back in range(days))

    recent = {"last_day": last(1), "last_week": last(7), "last_month": last(30)}
    assert content(f"{package}/recent")["data"] == recent
    assert content(f"{package}/recent?period=week")["data"] == {"last_week": last(7)}


@pytest.mark.parametrize("query", ["period=", "period", "period=year", "period=Day", "period=day,"])
def test_recent_of_other_period_is_404(query: str) -> None:
    assert asked(f"requests/recent?{query}").status == 404


def test_period_without_downloads_is_0_in_recent_and_404_alone() -> None:
    quiet = next(day for day in days_until(NEWEST) if "day" not in data.recent(HERMIT, day))
    noon = datetime(quiet.year, quiet.month, quiet.day, 12, tzinfo=UTC) + timedelta(days=1)
    assert b'"last_day":0' in asked(f"{HERMIT}/recent", now=noon).body
    assert asked(f"{HERMIT}/recent?period=day", now=noon).status == 404


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("mirrors=true", ["with_mirrors"]),
        ("&mirrors=false", ["without_mirrors"]),
        ("mirrors=True", ["with_mirrors", "without_mirrors"]),
        ("mirrors=", ["with_mirrors", "without_mirrors"]),
        ("mirrors=true&mirrors=false", ["with_mirrors"]),
        ("version=3", ["with_mirrors", "without_mirrors"]),
    ],
)
def test_overall_filters_by_exactly_true_and_false(query: str, expected: list[str]) -> None:
    assert categories(f"requests/overall?{query}") == expected


def test_rows_are_in_order_of_category_then_date() -> None:
    assert categories("requests/system") == ["Darwin", "Linux", "null", "other", "Windows"]
    assert categories("requests/python_major") == ["2", "3", "null"]
    minor = categories("requests/python_minor")
    assert minor == sorted(minor)
    assert minor.index("3.10") < minor.index("3.9")
    for endpoint in ENDPOINTS[1:]:
        rows = [
            (row["category"].casefold(), row["date"])
            for row in content(f"requests/{endpoint}")["data"]
        ]
        assert rows == sorted(set(rows))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("python_major?version=2", ["2"]),
        ("python_minor?version=3.10", ["3.10"]),
        ("system?os=windows", ["Windows"]),
        ("system?os=LINUX", ["Linux"]),
        # A bad value finds nothing and is no error.
        ("python_major?version=4", []),
        ("python_major?version=", []),
        ("python_minor?version=3", []),
        ("system?os", []),
        # The flaw: values are capitalised, and these categories are not.
        ("python_minor?version=null", []),
        ("system?os=other", []),
    ],
)
def test_filter_finds_its_category(query: str, expected: list[str]) -> None:
    whole = content(f"requests/{query.partition('?')[0]}")["data"]
    found = content(f"requests/{query}")["data"]
    assert categories(f"requests/{query}") == expected
    assert found == [row for row in whole if row["category"] in expected]


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_unknown_package_is_404_or_empty(endpoint: str) -> None:
    found = asked(f"no.such_thing/{endpoint}")
    if endpoint in {"recent", "overall"}:
        assert (found.status, found.body, found.headers) == (404, b"404", (HTML,))
    else:
        expected = f'{{"data":[],"package":"no-such-thing","type":"{endpoint}_downloads"}}\n'
        assert (found.status, found.body.decode()) == (200, expected)


def test_package_of_mirrors_has_overall_alone() -> None:
    assert categories("pulse-mirrored/overall") == ["with_mirrors"]
    assert asked("pulse-mirrored/overall?mirrors=false").status == 404
    assert asked("pulse-mirrored/recent").status == 404
    for endpoint in ("python_major", "python_minor", "system"):
        assert content(f"pulse-mirrored/{endpoint}")["data"] == []


def test_retired_package_has_rows_and_no_recent() -> None:
    assert categories("pulse-retired/overall") == ["with_mirrors", "without_mirrors"]
    assert asked("pulse-retired/recent").status == 404


@pytest.mark.parametrize(
    ("name", "converted"),
    [
        ("typing_extensions", "typing-extensions"),
        ("typing.extensions", "typing-extensions"),
        ("typing._extensions", "typing--extensions"),
        ("Requests", "Requests"),
        ("__all__", "__all__"),
        ("__ALL__", "--ALL--"),
        ("caf%C3%A9", "café"),
    ],
)
def test_only_dots_and_underscores_are_converted(name: str, converted: str) -> None:
    assert content(f"{name}/system")["package"] == converted
    assert asked(f"{name}/system").body.isascii()


def test_other_methods_are_those_of_flask() -> None:
    assert asked("requests/overall", "HEAD") == asked("requests/overall")
    allow = ("Allow", "GET, HEAD, OPTIONS")
    options = asked("requests/overall", "OPTIONS")
    assert (options.status, options.body, options.headers) == (200, b"", (HTML, allow))
    post = asked("requests/overall", "POST")
    assert (post.status, post.headers) == (405, (HTML, allow))


def test_half_loaded_day_lacks_its_last_category() -> None:
    whole = asked("requests/system")
    half = answers.half_loaded(whole)
    missing = [
        row for row in json.loads(whole.body)["data"] if row not in json.loads(half.body)["data"]
    ]
    assert [(row["category"], row["date"]) for row in missing] == [("other", str(NEWEST))]


@pytest.mark.parametrize(
    "path", ["requests/recent", "pulse-mirrored/system", "no-such-package/overall"]
)
def test_answer_without_rows_is_not_half_loaded(path: str) -> None:
    assert answers.half_loaded(asked(path)) == asked(path)
