"""Validates a Lambda event and rebuilds it from its well-formed parts.

The adapters (Mangum, apig-wsgi) trust the event. They raise outside the application on a missing key, a
header that is not UTF-8, an IPv6 `Host`, a long `X-Forwarded-Port` or a body that is not base64. So they get
a clean event with only the headers that are read. Events that are not HTTP requests are rejected.
"""

import re
from typing import Any, Final, Literal, TypedDict
from urllib.parse import quote
from uuid import uuid4

from pulse.problems import InvalidEvent
from pulse.target import route_path

_METHOD: Final = re.compile(r"[A-Za-z]{1,20}", re.ASCII)
_TEXT_VALUE: Final = re.compile(r"[\t\x20-\x7e]*", re.ASCII)
_LABEL: Final = r"[A-Za-z0-9-]{1,63}"
_HEADERS: Final = {
    "accept": _TEXT_VALUE,
    "accept-encoding": _TEXT_VALUE,
    "if-none-match": _TEXT_VALUE,
    "host": re.compile(rf"{_LABEL}(\.{_LABEL}){{0,9}}(:[0-9]{{1,5}})?", re.ASCII),
    "x-forwarded-proto": re.compile(r"https?", re.ASCII),
}
"""The headers that are read, with their valid values; absolute links need the last two.

Adapters parse other headers (`X-Forwarded-Port`) and fail on odd values.
"""

_REQUEST_ID: Final = re.compile(r"[\x21-\x7e]{1,128}", re.ASCII)
_PATH_SAFE: Final = "/:@!$&'()*+,;=-._~"
_QUERY_SAFE: Final = _PATH_SAFE + "%?"


class HttpContext(TypedDict):
    """The request line and client, as API Gateway reports them."""

    method: str
    path: str
    protocol: str
    sourceIp: str
    userAgent: str


class RequestContext(TypedDict):
    """API Gateway's metadata of a request."""

    http: HttpContext
    requestId: str


class HttpEvent(TypedDict):
    """A payload 2.0 event; all keys are present and well-formed.

    Paths and query are percent-encoded ASCII; decoding a path once gives the result of `route_path`.
    Header names are lower-case. Body and cookies are dropped: no route reads them.
    """

    version: Literal["2.0"]
    rawPath: str
    rawQueryString: str
    headers: dict[str, str]
    requestContext: RequestContext
    isBase64Encoded: Literal[False]


def read_event(event: object) -> HttpEvent:
    """Rebuild a clean event from `event`, which may be anything.

    Raises:
        InvalidEvent: the event is not an HTTP API event with payload format 2.0.
    """
    version = _value(event, "version")
    method = _value(event, "requestContext", "http", "method")
    path = _value(event, "requestContext", "http", "path")
    if version != "2.0" or not isinstance(method, str) or not isinstance(path, str):
        raise InvalidEvent(
            "This function handles HTTP requests from an API Gateway HTTP API with payload format "
            "2.0; this event is not one."
        )
    if not _METHOD.fullmatch(method):
        raise InvalidEvent("The event's HTTP method is not a word.")
    if not path.startswith("/"):
        raise InvalidEvent("The event's path does not start with a slash.")
    request_id = _text(event, "requestContext", "requestId")
    # API Gateway decodes paths, other senders don't: characters that are already decoded are kept.
    as_sent = quote(path, safe=_PATH_SAFE + "%", errors="replace")
    path = quote(route_path(as_sent), safe=_PATH_SAFE)
    return {
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": quote(_text(event, "rawQueryString"), safe=_QUERY_SAFE, errors="replace"),
        "headers": _clean_headers(_value(event, "headers")),
        "requestContext": {
            "http": {
                "method": method.upper(),
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": _text(event, "requestContext", "http", "sourceIp"),
                "userAgent": _text(event, "requestContext", "http", "userAgent"),
            },
            "requestId": request_id if _REQUEST_ID.fullmatch(request_id) else str(uuid4()),
        },
        "isBase64Encoded": False,
    }


def _value(event: object, *keys: str) -> Any:  # noqa: ANN401 - an event may hold anything anywhere
    for key in keys:
        event = event.get(key) if isinstance(event, dict) else None
    return event


def _text(event: object, *keys: str) -> str:
    value = _value(event, *keys)
    return value if isinstance(value, str) else ""


def _clean_headers(headers: object) -> dict[str, str]:
    """The valid headers of `_HEADERS`, with lower-case names."""
    if not isinstance(headers, dict):
        return {}
    return {
        name.lower(): value
        for name, value in headers.items()
        if isinstance(name, str)
        and isinstance(value, str)
        and (valid := _HEADERS.get(name.lower()))
        and valid.fullmatch(value)
    }
