"""Paths as the routes know them: without what is in front, such as `/flask`, and decoded with care."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from pulse.target import route_path

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class WithoutPrefix:
    """WSGI middleware that moves a leading prefix from the path to the script's name.

    Paths without it are passed on as they are.
    """

    def __init__(self, app: "WSGIApplication", prefix: str) -> None:
        self._app = app
        self._prefix = prefix

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Pass a request on, below the prefix if its path is."""
        path = environ["PATH_INFO"]
        if path.startswith(f"{self._prefix}/"):
            environ["SCRIPT_NAME"] += self._prefix
            environ["PATH_INFO"] = path.removeprefix(self._prefix)
        return self._app(environ, start_response)


class WithSegmentsAsSent:
    """WSGI middleware that decodes the path anew, where the server tells how it was sent.

    Servers decode all of it, encoded slashes too. On Lambda, `apigateway` has seen to it before.
    """

    def __init__(self, app: "WSGIApplication") -> None:
        self._app = app

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Pass a request on, with the path as `route_path` has it."""
        raw_path = environ.get("RAW_URI", "").partition("?")[0]
        if raw_path.startswith("/") and not environ.get("SCRIPT_NAME"):
            # As PEP 3333 has it: each byte of the text is a character.
            environ["PATH_INFO"] = route_path(raw_path).encode().decode("latin-1")
        return self._app(environ, start_response)
