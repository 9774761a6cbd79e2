"""Serving below a prefix: API Gateway sends `/flask/…`, the routes know plain paths."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

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
