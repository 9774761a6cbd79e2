"""Handlers under the names in template.yaml, and their response to a defect."""

import importlib
import logging
from typing import Any

import pytest
from apig_wsgi import make_lambda_handler

from apigateway import safe_handler
from fastapi_app.app import create_app as create_fastapi_app
from fastapi_app.handler import OneLoopMangum
from flask_app.app import create_app as create_flask_app
from tests.contract.variants import answer_of, http_event


class Defect:
    """A catalogue or an upstream that raises an unexpected error."""

    def fetch(self, *_: object) -> None:
        message = "a secret of the implementation"
        raise ZeroDivisionError(message)


@pytest.mark.parametrize("package", ["fastapi_app", "flask_app"])
def test_handler_is_where_template_says(package: str) -> None:
    handler = importlib.import_module(f"{package}.handler").handler
    answer = answer_of(handler(http_event("/health"), None))
    assert answer.json["variant"] == package.removesuffix("_app")


def assert_internal_error(response: Any, caplog: pytest.LogCaptureFixture) -> None:  # noqa: ANN401 - what a handler returns is being tested
    answer = answer_of(response)
    assert answer.status == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json["type"] == "urn:pypi-pulse:problem:internal-error"
    assert answer.json["request_id"] == "request-1"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "secret" not in answer.body
    assert "a secret of the implementation" in caplog.text


def test_defect_in_fastapi_is_logged_500(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The response reveals nothing of the defect."""
    adapter = OneLoopMangum(create_fastapi_app(Defect()))  # type: ignore[arg-type]  # a defect is wanted
    response = safe_handler(adapter)(http_event("/packages/requests"), None)
    adapter.loop.close()
    assert_internal_error(response, caplog)


def test_defect_in_flask_is_logged_500(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The response reveals nothing of the defect."""
    adapter = make_lambda_handler(create_flask_app(Defect()))  # type: ignore[arg-type]  # a defect is wanted
    response = safe_handler(adapter)(http_event("/packages/requests"), None)
    assert_internal_error(response, caplog)


def test_defect_in_adapter_is_logged_500(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The response reveals nothing of the defect."""

    def adapter(_event: object, _context: object) -> None:
        message = "a secret of the implementation"
        raise ZeroDivisionError(message)

    with caplog.at_level(logging.ERROR):
        response = safe_handler(adapter)(http_event("/packages/requests"), None)
    assert_internal_error(response, caplog)
