"""Every failure is an RFC 9457 document with the right status."""

import pytest

from tools.smoke.api import Api, is_problem

UNKNOWN = "pypi-pulse-smoke-no-such-package"


@pytest.mark.parametrize(
    ("status", "documented", "path"),
    [
        pytest.param(404, "/packages/{package}", f"/packages/{UNKNOWN}", id="unknown package"),
        pytest.param(422, "/packages/{package}", "/packages/-x-", id="invalid name"),
        pytest.param(
            *(422, "/packages/{package}/downloads", "/packages/{package}/downloads?perod=week"),
            id="misspelt parameter",
        ),
    ],
)
def test_error_of_a_route(api: Api, status: int, documented: str, path: str) -> None:
    response = api.ask(path)
    is_problem(response, status)
    api.matches_contract(documented, response)


def test_every_wrong_parameter_is_named(api: Api) -> None:
    document = is_problem(api.ask("/compare?packages=-x-&mirrors=maybe"), 422)
    assert {error["parameter"] for error in document["errors"]} == {"packages", "mirrors"}


def test_other_method_is_405(api: Api) -> None:
    is_problem(api.ask("/health", method="DELETE"), 405)


def test_other_path_is_404(api: Api) -> None:
    is_problem(api.ask("/pypi-pulse-smoke"), 404)
