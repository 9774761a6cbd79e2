"""Responses of both variants when pypistats.org fails."""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http import HTTPStatus

import pytest

from tests.contract.variants import Ask, asking, handler_of
from tools.fake_pypistats import FakePypistats

FAILURES = [
    ("429", 503, "upstream-throttled", "throttled"),
    ("500", 502, "upstream-broken", "upstream_error"),
    ("hang", 504, "upstream-too-slow", "timeout"),
    ("drip", 504, "upstream-too-slow", "timeout"),
    ("truncated", 502, "upstream-broken", "upstream_error"),
    ("html", 502, "upstream-broken", "upstream_error"),
    ("not-json", 502, "upstream-broken", "upstream_error"),
    ("dropped", 502, "upstream-broken", "upstream_error"),
]
ENDLESS = {"hang", "drip"}
"""Faults that only a timeout ends."""

AMPLE = {"UPSTREAM_TIMEOUT_S": "20", "DEADLINE_S": "30"}
SHORT = {"UPSTREAM_TIMEOUT_S": "0.8", "DEADLINE_S": "1"}
MEDIUM = {"UPSTREAM_TIMEOUT_S": "2", "DEADLINE_S": "2.5"}
"""Long enough for a good call on a busy machine, next to one that hangs."""

AskAt = Callable[..., Ask]


@pytest.fixture
def ask_at(variant: str) -> Iterator[AskAt]:
    """Ask a variant whose upstream is at `url`, with timeouts long enough for a slow machine."""
    with ExitStack() as stack:
        yield lambda url, **environ: asking(
            stack.enter_context(handler_of(variant, PYPISTATS_URL=url, **{**AMPLE, **environ}))
        )


def patience(fault: str) -> dict[str, str]:
    """Short timeouts only for faults that would use them up."""
    return SHORT if fault in ENDLESS else AMPLE


@pytest.fixture
def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


@pytest.mark.parametrize(("fault", "status", "kind"), [failure[:3] for failure in FAILURES])
def test_failure_has_its_problem(
    ask_at: AskAt, fake_pypistats: FakePypistats, fault: str, status: int, kind: str
) -> None:
    fake_pypistats.set_rules(fault)
    answer = ask_at(fake_pypistats.url, **patience(fault))("/packages/requests")
    assert answer.status == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json["type"] == f"urn:pypi-pulse:problem:{kind}"
    # After some of the other faults FastAPI pauses upstream calls, and sends Retry-After, too.
    assert "retry-after" in answer.headers or status != HTTPStatus.SERVICE_UNAVAILABLE


@pytest.mark.parametrize(
    ("fault", "outcome"),
    # One that drips is to a comparison as one that hangs.
    [(fault, outcome) for fault, _, _, outcome in FAILURES if fault != "drip"],
)
def test_failed_package_affects_no_other(
    ask_at: AskAt, fake_pypistats: FakePypistats, fault: str, outcome: str
) -> None:
    fake_pypistats.set_rules(f"{fault}:*:flask")
    answer = ask_at(fake_pypistats.url, **(MEDIUM if fault in ENDLESS else AMPLE))(
        "/compare", "packages=requests,flask"
    )
    assert answer.status == 200
    assert [entry["status"] for entry in answer.json["packages"]] == ["ok", outcome]


@pytest.mark.parametrize("fault", ["429", "500", "hang"])
def test_comparison_of_failures_only_is_503(
    ask_at: AskAt, fake_pypistats: FakePypistats, fault: str
) -> None:
    fake_pypistats.set_rules(fault)
    answer = ask_at(fake_pypistats.url, **patience(fault))("/compare", "packages=requests,flask")
    assert answer.status == 503
    assert answer.json["type"] == "urn:pypi-pulse:problem:nothing-to-compare"
    assert int(answer.headers["retry-after"]) > 0


def test_closed_port_is_502(ask_at: AskAt, closed_port: int) -> None:
    answer = ask_at(f"http://127.0.0.1:{closed_port}")("/packages/requests")
    assert answer.status == 502
    assert answer.json["type"] == "urn:pypi-pulse:problem:upstream-unreachable"


def test_unresolvable_host_is_502(ask_at: AskAt) -> None:
    assert ask_at("http://upstream.invalid")("/packages/requests").status == 502


def test_silent_upstream_is_504(ask_at: AskAt) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        answer = ask_at(url, **SHORT)("/packages/requests")
    assert answer.status == 504
    assert answer.json["type"] == "urn:pypi-pulse:problem:upstream-too-slow"


@pytest.mark.parametrize("fault", ["dropped", "truncated", "hang"])
def test_failed_connection_is_retried(
    ask_at: AskAt, fake_pypistats: FakePypistats, fault: str
) -> None:
    fake_pypistats.set_rules(f"{fault}:overall:requests:1")
    ask = ask_at(fake_pypistats.url, UPSTREAM_TIMEOUT_S="2")
    assert ask("/packages/requests").status == 200
    assert len(fake_pypistats.requests) == 2


@pytest.mark.parametrize("fault", ["dropped", "hang"])
def test_connection_is_retried_only_once(
    ask_at: AskAt, fake_pypistats: FakePypistats, fault: str
) -> None:
    fake_pypistats.set_rules(fault)
    timeout_s = "1" if fault in ENDLESS else "20"
    ask_at(fake_pypistats.url, UPSTREAM_TIMEOUT_S=timeout_s)("/packages/requests")
    assert len(fake_pypistats.requests) == 2


@pytest.mark.parametrize("fault", ["429", "500", "html"])
def test_bad_response_is_not_retried(
    ask_at: AskAt, fake_pypistats: FakePypistats, fault: str
) -> None:
    fake_pypistats.set_rules(fault)
    ask_at(fake_pypistats.url)("/packages/requests")
    assert len(fake_pypistats.requests) == 1
