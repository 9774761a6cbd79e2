"""The API under test, asked over HTTP."""

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from typing import Any

import httpx
import schemathesis
from schemathesis.specs.openapi import checks
from schemathesis.specs.openapi.schemas import OpenApiSchema

from pulse.network import HTTP_URL, InvalidSettings, Network
from pulse_io.tls import tls_context
from tools.addresses import open_blocking_client, received, redirected_base, why_unreachable

MAX_BODY_BYTES = 1_000_000
"""Of a server that may be any."""

TIMEOUT_S = 60
"""For one response; the first one of a deployment may wait for a cold start."""

QUERIES = dict.fromkeys(
    ("/compare", "/compare/chart.svg", "/compare/downloads"), "?packages={other},{package}"
)
"""Queries of the routes that don't answer without one."""

_CHECKS = [
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]


class UnusableError(Exception):
    """The options don't lead to a PyPI Pulse; the message is one line."""


@dataclass(frozen=True)
class Api:
    """The API behind a client, and the packages that it is asked about."""

    client: httpx.Client
    package: str
    """A package with downloads, in its normalised spelling."""
    other: str

    def ask(self, path: str, *, method: str = "GET", **headers: str) -> httpx.Response:
        """The response to a request. Braces in `path` stand for the packages; `_` in a header for `-`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        path = path.format(package=self.package, other=self.other)
        return self.client.request(method, path, headers=named)

    def get(self, path: str, **headers: str) -> httpx.Response:
        """The response to GET, which must be a 200."""
        response = self.ask(path, **headers)
        assert response.status_code == HTTPStatus.OK, said(response)
        return response

    @cached_property
    def contract(self) -> OpenApiSchema:
        """The API's own OpenAPI document."""
        return schemathesis.openapi.from_dict(self.get("/openapi.json").json())

    def matches_contract(self, route: str, response: httpx.Response) -> None:
        """Fail unless the contract describes this response of the route: status, type, headers and body."""
        case = self.contract[route]["GET"].Case(path_parameters={"package": self.package})
        case.validate_response(response, checks=_CHECKS)


@contextmanager
def open_api(url: str, package: str, other: str, headers: Iterable[str] = ()) -> Iterator[Api]:
    """The API at `url`, once it answers. Proxies and certificates are those of the environment.

    Raises:
        UnusableError: nothing answers, something else does, or an option is invalid.
    """
    named = [line.partition(":") for line in headers]
    if not all(colon for _, colon, _ in named):
        raise UnusableError("A header looks like this: --header='Name: value'")
    network = Network.from_environ(os.environ)
    try:
        HTTP_URL.validate_python(url)
        tls = tls_context(network.certificates)
        client = open_blocking_client(url, network, tls, timeout_s=TIMEOUT_S)
    except InvalidSettings as error:
        raise UnusableError(str(error)) from None
    except ValueError:
        raise UnusableError(
            f"{url!r} is no http or https URL: try make smoke URL=https://…"
        ) from None
    client.headers["user-agent"] = "pypi-pulse (smoke)"
    client.headers.update({name.strip(): value.strip() for name, _, value in named})
    with client:
        try:
            response, body = _beginning(client, "/health")
        except httpx.TransportError as error:
            why = why_unreachable(error, url, network)
            raise UnusableError(f"Nothing answers at {url}: {why}.") from error
        # After a server error the checks say more than one line can.
        if not (response.is_server_error or _names_a_variant(response, body)):
            better = redirected_base(response)
            raise UnusableError(
                f"{url} is not where PyPI Pulse answers: GET /health gets {received(response, body)}."
                + (f" Try make smoke URL={better}" if better else "")
            )
        yield Api(client, package, other)


def said(response: httpx.Response) -> str:
    """The request, and the response in a few words."""
    detail = response.text[:200]
    with suppress(ValueError, KeyError, TypeError):
        detail = response.json()["detail"]
    request = f"{response.request.method} {response.request.url.raw_path.decode()}"
    return f"{request}: {response.status_code} {response.reason_phrase}: {detail}"


def is_problem(response: httpx.Response, status: int) -> dict[str, Any]:
    """Fail unless the response is an RFC 9457 document with this status; returns the document."""
    assert response.status_code == status, f"not {status}: {said(response)}"
    media_type = response.headers.get("content-type")
    assert media_type == "application/problem+json", f"the error is sent as {media_type}"
    document: dict[str, Any] = response.json()
    missing = {"type", "title", "status", "detail", "instance"} - document.keys()
    assert not missing, f"the error lacks {', '.join(sorted(missing))}"
    request_id = response.headers.get("x-request-id")
    assert document.get("request_id") == request_id, f"X-Request-Id is {request_id}: {document}"
    return document


def _beginning(client: httpx.Client, path: str) -> tuple[httpx.Response, bytes]:
    """A response, and its body or the beginning of a long one."""
    body = b""
    with client.stream("GET", path, headers={"accept-encoding": "identity"}) as response:
        for chunk in response.iter_raw():
            body += chunk
            if len(body) > MAX_BODY_BYTES:
                break
    return response, body


def _names_a_variant(response: httpx.Response, body: bytes) -> bool:
    with suppress(ValueError, TypeError):
        return response.is_success and "variant" in json.loads(body)
    return False
