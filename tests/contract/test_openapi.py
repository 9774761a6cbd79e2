"""The OpenAPI contract, as the FastAPI variant serves it."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.contract.variants import Ask, asking, handler_of
from tools.fake_pypistats import FakePypistats


@pytest.fixture
def ask(fake_pypistats: FakePypistats) -> Iterator[Ask]:
    with handler_of("fastapi", PYPISTATS_URL=fake_pypistats.url) as handler:
        yield asking(handler)


def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        operation["operationId"]: operation
        for path in document["paths"].values()
        for operation in path.values()
    }


def test_every_route_is_documented(ask: Ask) -> None:
    assert set(operations(ask("/openapi.json").json)) == {
        "get_package_stats",
        "get_package_downloads",
        "compare_packages",
        "compare_downloads",
        "get_badge",
        "get_badge_json",
        "get_chart",
        "get_comparison_chart",
        "get_recent",
        "get_overall",
        "get_python_major",
        "get_python_minor",
        "get_system",
        "get_health",
    }


def test_errors_are_problem_documents(ask: Ask) -> None:
    problem = {"$ref": "#/components/schemas/ProblemDocument"}
    errors = [
        response["content"]
        for operation in operations(ask("/openapi.json").json).values()
        for status, response in operation["responses"].items()
        if int(status) >= 400
    ]
    assert errors
    assert all(list(content) == ["application/problem+json"] for content in errors)
    assert all(content["application/problem+json"]["schema"] == problem for content in errors)


def test_parameters_have_bounds(ask: Ask) -> None:
    compare = operations(ask("/openapi.json").json)["compare_packages"]
    packages = next(p for p in compare["parameters"] if p["name"] == "packages")
    assert packages["required"] is True
    assert (packages["schema"]["minItems"], packages["schema"]["maxItems"]) == (1, 50)


def test_docs_page_links_to_contract(ask: Ask) -> None:
    answer = ask("/docs")
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "/openapi.json" in answer.body
