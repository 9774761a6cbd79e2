"""Normalises request paths: removes prefixes such as `/flask`, and keeps encoded slashes encoded."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from pulse.target import route_path

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class PrefixMiddleware:
    """WSGI middleware that moves a leading prefix from `PATH_INFO` to `SCRIPT_NAME`.

    Paths without the prefix are left unchanged.
    """

    def __init__(self, app: "WSGIApplication", prefix: str) -> None:
        self._app = app
        self._prefix = prefix

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Pass the request on, without the prefix."""
        path = environ["PATH_INFO"]
        if path.startswith(f"{self._prefix}/"):
            environ["SCRIPT_NAME"] += self._prefix
            environ["PATH_INFO"] = path.removeprefix(self._prefix)
        return self._app(environ, start_response)


class RawPathMiddleware:
    """WSGI middleware that decodes the raw path with `route_path`, if the server provides it.

    Servers decode encoded slashes too. On Lambda, `apigateway` has already decoded the path.
    """

    def __init__(self, app: "WSGIApplication") -> None:
        self._app = app

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Pass the request on, with the path as decoded by `route_path`."""
        raw_path = environ.get("RAW_URI", "").partition("?")[0]
        if raw_path.startswith("/") and not environ.get("SCRIPT_NAME"):
            # PEP 3333: each byte becomes one character.
            environ["PATH_INFO"] = route_path(raw_path).encode().decode("latin-1")
        return self._app(environ, start_response)
