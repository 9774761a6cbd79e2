"""Every event of events/ on both functions, in containers, against the fake pypistats.org."""

import datetime as dt
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.figures import expected_stats
from tests.local.answers import TEN_PACKAGES, Invoke
from tools.fake_pypistats.window import newest_day
from tools.runtime.upstream import FakePypistats

FUNCTIONS = ("FastApiFunction", "FlaskFunction")
STATUSES = {
    "package": 200,
    "package-normalised": 200,
    "package-unknown": 404,
    "package-invalid": 422,
    "downloads": 200,
    "compare": 200,
    "all": 200,
    "health": 200,
}
PACKAGES = {
    "package": "requests",
    "package-normalised": "typing-extensions",
    "all": "__all__",
}
SCHEDULED = "schedule"
"""The event of the collector, which needs tables: tests/deploy invokes it."""

# These differ between two invocations, or are there to tell the variants apart.
OF_ONE_ANSWER = {"fetched_at", "variant", "request_id"}


def test_every_event_file_is_tried() -> None:
    events = Path(__file__).parents[2] / "events"
    assert {event.stem for event in events.glob("*.json")} - {SCHEDULED} == set(STATUSES)


@pytest.mark.parametrize("event", STATUSES)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_an_event_is_answered_with_its_status(invoked: Invoke, function: str, event: str) -> None:
    answer = invoked(function, event)

    status = STATUSES[event]
    expected_type = "application/json" if status == httpx.codes.OK else "application/problem+json"
    assert (answer.status, answer.content_type) == (status, expected_type)


@pytest.mark.parametrize("event", STATUSES)
def test_both_variants_answer_with_the_same_body(invoked: Invoke, event: str) -> None:
    fastapi, flask = (invoked(function, event).body for function in FUNCTIONS)

    assert without_what_is_of_one_answer(fastapi) == without_what_is_of_one_answer(flask)


def test_each_variant_says_which_it_is(invoked: Invoke) -> None:
    variants = [invoked(function, "health").body["variant"] for function in FUNCTIONS]
    assert variants == ["fastapi", "flask"]


@pytest.mark.parametrize(("event", "package"), PACKAGES.items())
@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_package_has_the_figures_of_its_raw_rows(
    invoked: Invoke, upstream: FakePypistats, function: str, event: str, package: str
) -> None:
    body = invoked(function, event).body

    assert without_what_is_of_one_answer(body) == figures(upstream, package)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_comparison_has_the_figures_of_each_package(
    invoked: Invoke, upstream: FakePypistats, function: str
) -> None:
    body = invoked(function, "compare").body

    expected = [
        {"package": name, "status": "ok", "stats": figures(upstream, name)} for name in TEN_PACKAGES
    ]
    assert without_what_is_of_one_answer(body) == {"packages": expected}


def figures(upstream: FakePypistats, package: str) -> dict[str, Any]:
    """The figures of a package, by plain arithmetic on the rows that the fake pypistats.org serves."""
    url = f"{upstream.local_url}/api/packages/{package}/overall"
    rows = httpx.get(url, trust_env=False).raise_for_status().json()["data"]
    as_of = newest_day(dt.datetime.now(dt.UTC))
    return expected_stats(package, rows, as_of, mirrors=True)


def without_what_is_of_one_answer(body: Any) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(body, dict):
        return {
            key: without_what_is_of_one_answer(value)
            for key, value in body.items()
            if key not in OF_ONE_ANSWER
        }
    if isinstance(body, list):
        return [without_what_is_of_one_answer(item) for item in body]
    return body
