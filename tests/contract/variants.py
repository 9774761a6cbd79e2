"""The variants, each as a Lambda handler set up from environment variables."""

import datetime as dt
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote

from apig_wsgi import make_lambda_handler

from apigateway import safe_handler
from fastapi_app import app as fastapi_variant
from fastapi_app.handler import OneLoopMangum
from flask_app import app as flask_variant
from flask_app.settings import FlaskSettings
from flask_app.upstream import BlockingUpstream
from pulse_io.settings import Settings
from pulse_io.wiring import open_catalogues

NO_LIMITS = {"UPSTREAM_PER_SECOND": "0", "UPSTREAM_PER_MINUTE": "0"}
"""The Flask variant has no rate limit; the rate limit has its own tests."""

NOW = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
"""The fixed time of day for the variants and the fake pypistats."""

HOST = "abc123.execute-api.eu-west-1.amazonaws.com"
"""The host name that requests are sent to."""

VARIANTS = ("fastapi", "flask sequential", "flask threads")

Handler = Callable[[object, object], Any]


def _now() -> dt.datetime:
    return NOW


@dataclass(frozen=True)
class Answer:
    """The response that API Gateway would send to the client."""

    status: int
    headers: dict[str, str]
    body: str

    @property
    def json(self) -> Any:  # noqa: ANN401 - any JSON
        return json.loads(self.body)


class Ask(Protocol):
    def __call__(
        self, path: str, query: str = "", method: str = "GET", **headers: str
    ) -> Answer: ...


def http_event(
    path: str, query: str = "", method: str = "GET", headers: dict[str, str] | None = None
) -> dict[str, Any]:
    """The API Gateway event of one request; `path` is as the client sends it."""
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": {"host": HOST, **(headers or {})},
        "requestContext": {
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.1",
                "userAgent": "pytest",
            },
            "requestId": "request-1",
            "stage": "$default",
        },
        "isBase64Encoded": False,
    }


def asking(handler: Handler) -> Ask:
    """Turn requests into events, and proxy responses into answers."""

    def ask(path: str, query: str = "", method: str = "GET", **headers: str) -> Answer:
        encoded = quote(path, safe="/%")
        return answer_of(handler(http_event(encoded, query, method, headers), None))

    return ask


def answer_of(response: Any) -> Answer:  # noqa: ANN401 - what a handler returns is being tested
    """Read a proxy response as strictly as Lambda does: it must be JSON, with a status."""
    response = json.loads(json.dumps(response))
    assert response["isBase64Encoded"] is False
    return Answer(response["statusCode"], response["headers"], response["body"])


@contextmanager
def handler_of(variant: str, **environ: str) -> Iterator[Handler]:
    """The Lambda handler of a variant, set up from environment variables; its clock stands at NOW."""
    if variant == "fastapi":
        settings = Settings.from_environ({**NO_LIMITS, **environ})
        catalogue = open_catalogues(settings, _now)
        adapter = OneLoopMangum(fastapi_variant.create_app(catalogue, settings.base_path))
        yield safe_handler(adapter)
        adapter.loop.run_until_complete(catalogue.aclose())
        adapter.loop.close()
    else:
        environ["FLASK_FANOUT"] = variant.removeprefix("flask ")
        flask_settings = FlaskSettings.from_environ(environ)
        blocking = BlockingUpstream(flask_settings, _now)
        app = flask_variant.create_app(blocking, flask_settings.base_path)
        yield safe_handler(make_lambda_handler(app))
        blocking.close()
