"""What is asked of pypistats.org, and which of its answers are believed."""

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

import pytest

from pulse import __version__
from pulse.models import FetchedRows
from pulse.names import PackageName
from pulse.problems import UnknownPackage, UpstreamBroken, UpstreamThrottled
from pulse.pypistats import (
    USER_AGENT,
    Endpoint,
    UpstreamAnswer,
    read_answer,
    read_recent,
    request_path,
)

REQUESTS = PackageName.parse("requests")
NOON = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
ROW = {"category": "with_mirrors", "date": "2026-11-21", "downloads": 7}


def answer(
    *rows: Mapping[str, object],
    status: int = 200,
    package: str = "requests",
    headers: Mapping[str, str] | None = None,
) -> UpstreamAnswer:
    body = {"data": list(rows), "package": package, "type": "overall_downloads"}
    return UpstreamAnswer(status, headers or {}, json.dumps(body).encode(), NOON)


def read(raw: UpstreamAnswer, endpoint: Endpoint = Endpoint.OVERALL) -> FetchedRows:
    return read_answer(REQUESTS, endpoint, raw)


def test_a_path_has_the_normalised_name_and_no_slash_at_its_end() -> None:
    name = PackageName.parse("Typing_Extensions")
    path = request_path(name, Endpoint.PYTHON_MINOR)
    assert path == "/api/packages/typing-extensions/python_minor"


def test_the_user_agent_names_the_program_its_version_and_where_it_lives() -> None:
    assert USER_AGENT.startswith(f"pypi-pulse/{__version__} (+https://")


def test_rows_come_with_where_and_when_they_were_fetched() -> None:
    fetched = read(answer(ROW))
    assert fetched.model_dump(mode="json") == {
        "rows": [ROW],
        "source": "pypistats.org",
        "fetched_at": "2026-11-22T12:00:00Z",
        "stale": False,
    }


def test_numbers_of_the_stand_in_are_called_simulated() -> None:
    assert read(answer(ROW, headers={"X-Pulse-Source": "simulated"})).source == "simulated"


def test_a_404_or_no_rows_on_overall_is_an_unknown_package() -> None:
    with pytest.raises(UnknownPackage, match="'requests'"):
        read(UpstreamAnswer(404, {}, b"404", NOON))
    with pytest.raises(UnknownPackage, match="'requests'"):
        read(answer())


@pytest.mark.parametrize(
    "endpoint", [Endpoint.PYTHON_MAJOR, Endpoint.PYTHON_MINOR, Endpoint.SYSTEM]
)
def test_no_rows_on_another_endpoint_may_be_those_of_a_known_package(endpoint: Endpoint) -> None:
    body = json.dumps({"data": [], "package": "requests", "type": f"{endpoint}_downloads"}).encode()
    assert read_answer(REQUESTS, endpoint, UpstreamAnswer(200, {}, body, NOON)).rows == []


def test_a_429_without_retry_after_asks_to_wait_for_a_minute() -> None:
    with pytest.raises(UpstreamThrottled) as caught:
        read(answer(status=429))
    assert caught.value.headers["retry-after"] == "60"


def test_a_category_that_is_null_is_the_category_null() -> None:
    by_name, by_null = (
        read(answer({**ROW, "category": "null"})),
        read(answer({**ROW, "category": None})),
    )
    assert by_null == by_name


def test_both_spellings_of_null_on_one_day_count_it_twice() -> None:
    with pytest.raises(UpstreamBroken, match="one day twice"):
        read(answer({**ROW, "category": "null"}, {**ROW, "category": None}))


@pytest.mark.parametrize(
    ("given", "expected"),
    [("7", 7), ("soon", 60), ("²", 60), ("-1", 60), ("9" * 9, 3600), ("9" * 5000, 60)],
)
def test_a_proxy_that_says_when_to_come_back_is_believed(given: str, expected: int) -> None:
    with pytest.raises(UpstreamThrottled) as caught:
        read(answer(status=429, headers={"Retry-After": given}))
    assert caught.value.retry_after_s == expected


@pytest.mark.parametrize("status", [204, 301, 403, 500, 503])
def test_any_other_status_is_a_broken_upstream(status: int) -> None:
    with pytest.raises(UpstreamBroken, match=f"its status is {status}"):
        read(answer(ROW, status=status))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>sorry</html>",
        b'{"data":[{"category":"with_mirrors","date":"2026-11-2',
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"package":"requests","type":"overall_downloads"}',
    ],
)
def test_a_body_that_is_not_the_json_asked_for_is_a_broken_upstream(body: bytes) -> None:
    with pytest.raises(UpstreamBroken, match="not the JSON"):
        read(UpstreamAnswer(200, {}, body, NOON))


@pytest.mark.parametrize(
    "change",
    [{"downloads": -1}, {"downloads": "many"}, {"downloads": 1.5}, {"date": "2026-02-30"}],
)
def test_a_row_that_can_not_be_is_a_broken_upstream(change: dict[str, Any]) -> None:
    with pytest.raises(UpstreamBroken, match="not the JSON"):
        read(answer({**ROW, **change}))


def test_another_packages_or_endpoints_answer_is_a_broken_upstream() -> None:
    with pytest.raises(UpstreamBroken, match="another question"):
        read(answer(ROW, package="flask"))
    with pytest.raises(UpstreamBroken, match="another question"):
        read(answer(ROW), Endpoint.SYSTEM)


def test_two_counts_for_one_day_are_a_broken_upstream() -> None:
    with pytest.raises(UpstreamBroken, match="counts one day twice"):
        read(answer(ROW, {**ROW, "downloads": 8}))


@pytest.mark.parametrize("date", ["0001-01-03", "2016-11-01", "2026-11-23", "9999-12-31"])
def test_a_day_that_can_not_be_is_a_broken_upstream(date: str) -> None:
    with pytest.raises(UpstreamBroken, match="have not been, or are ten years ago"):
        read(answer(ROW, {**ROW, "date": date}))


def test_recent_is_read_with_the_same_care() -> None:
    sums = {"last_day": 1, "last_month": 30, "last_week": 7}
    body = {"data": sums, "package": "requests", "type": "recent_downloads"}
    good = UpstreamAnswer(200, {}, json.dumps(body).encode(), NOON)
    assert read_recent(REQUESTS, good).model_dump() == sums
    with pytest.raises(UpstreamBroken, match="another question"):
        read_recent(PackageName.parse("flask"), good)
    with pytest.raises(UpstreamBroken, match="not the JSON"):
        read_recent(REQUESTS, answer(ROW))
    with pytest.raises(UnknownPackage):
        read_recent(REQUESTS, good._replace(status=404))
