"""Each request is logged with its times and outcome, and has them in headers."""

import json
import logging
import re
import socket
from collections.abc import Iterator

import pytest

from tests.contract.variants import Handler, handler_of, http_event
from tools.fake_pypistats import FakePypistats

TIMING = re.compile(r"(\w+;dur=[0-9.]+, )*total;dur=[0-9.]+")


@pytest.fixture(params=["fastapi", "flask sequential", "flask threads"])
def handler(request: pytest.FixtureRequest, fake_pypistats: FakePypistats) -> Iterator[Handler]:
    with handler_of(request.param, PYPISTATS_URL=fake_pypistats.url) as handler:
        yield handler


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO)
    return caplog


def requests_in(lines: pytest.LogCaptureFixture) -> list[dict[str, object]]:
    return [vars(record) for record in lines.records if record.getMessage() == "request"]


@pytest.mark.parametrize(
    ("path", "query", "told"),
    [
        (
            "/packages/requests",
            "",
            {
                "route": "/packages/{package}",
                "status": 200,
                "outcome": "ok",
                "packages": 1,
                "tier": "upstream",
            },
        ),
        (
            "/compare",
            "packages=requests,flask,no-such-package",
            {
                "route": "/compare",
                "status": 200,
                "outcome": "not_found",
                "packages": 3,
                "tier": "upstream",
            },
        ),
        (
            "/packages/no-such-package/downloads",
            "",
            {
                "route": "/packages/{package}/downloads",
                "status": 404,
                "outcome": "not_found",
                "packages": 1,
                "tier": "none",
            },
        ),
        ("/health", "", {"route": "/health", "status": 200, "outcome": "ok", "packages": 0}),
        (
            "/packages/-x-",
            "",
            {
                "route": "/packages/{package}",
                "status": 422,
                "outcome": "invalid",
                "packages": 0,
            },
        ),
        ("/nowhere", "", {"route": "none", "status": 404, "outcome": "invalid", "packages": 0}),
    ],
)
def test_request_logs_one_line(
    handler: Handler,
    lines: pytest.LogCaptureFixture,
    path: str,
    query: str,
    told: dict[str, object],
) -> None:
    answer = handler(http_event(path, query), None)
    (line,) = requests_in(lines)
    assert {name: line[name] for name in told} == told
    assert line["method"] == "GET"
    assert line["request_id"] == answer["headers"]["x-request-id"]
    assert line["total_ms"] >= line["upstream_ms"]  # type: ignore[operator]  # both are numbers
    assert bool(line["upstream_ms"]) == bool(line["packages"])
    assert TIMING.fullmatch(answer["headers"]["server-timing"])
    if "tier" in told and told["tier"] == "upstream":
        assert line["days_behind"] == 0


def test_libraries_log_nothing(handler: Handler, lines: pytest.LogCaptureFixture) -> None:
    handler(http_event("/packages/requests"), None)
    assert [record.getMessage() for record in lines.records] == ["request"]


def test_head_is_logged_with_its_route(handler: Handler, lines: pytest.LogCaptureFixture) -> None:
    handler(http_event("/packages/requests", method="HEAD"), None)
    (line,) = requests_in(lines)
    assert (line["method"], line["route"]) == ("HEAD", "/packages/{package}")


def test_problem_has_the_request_id(handler: Handler) -> None:
    answer = handler(http_event("/packages/no-such-package"), None)
    assert json.loads(answer["body"])["request_id"] == answer["headers"]["x-request-id"]


@pytest.mark.parametrize("event", [{}, {"version": "1.0"}, None])
def test_invalid_event_has_a_request_id(handler: Handler, event: object) -> None:
    answer = handler(event, None)
    assert json.loads(answer["body"])["request_id"] == answer["headers"]["x-request-id"]


def test_first_request_is_the_cold_start(
    handler: Handler, lines: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apigateway.log._requests", iter(range(2)))
    for _ in range(2):
        handler(http_event("/health"), None)
    assert [line["cold_start"] for line in requests_in(lines)] == [True, False]


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [("500", "upstream_error"), ("429", "throttled"), ("html", "upstream_error")],
)
def test_upstream_failure_is_logged(
    handler: Handler,
    fake_pypistats: FakePypistats,
    lines: pytest.LogCaptureFixture,
    fault: str,
    outcome: str,
) -> None:
    fake_pypistats.set_rules(fault)
    for path, query in (("/packages/requests", ""), ("/compare", "packages=requests,flask")):
        handler(http_event(path, query), None)
    assert [line["outcome"] for line in requests_in(lines)] == [outcome] * 2


def test_log_tells_why_upstream_is_unreachable(lines: pytest.LogCaptureFixture) -> None:
    """Of both sources. Clients are not told."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        closed = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with handler_of(
        "fastapi", PYPISTATS_URL="http://host.invalid", CLICKHOUSE_URL=closed
    ) as handler:
        answer = handler(http_event("/packages/requests"), None)
    assert (
        json.loads(answer["body"])["detail"] == "pypistats.org can't be reached. Try again later."
    )
    reasons = [getattr(one, "reason", "") for one in lines.records if one.msg == "upstream failed"]
    assert re.match(r"pypistats\.org can't be reached: \[Errno -\d+\] \w", reasons[0])
    assert reasons[1] == "ClickHouse can't be reached: All connection attempts failed"
