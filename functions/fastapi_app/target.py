"""Normalises the path and the query of requests, for any client, server and base path."""

from urllib.parse import urlencode

from starlette.types import ASGIApp, Receive, Scope, Send

from pulse.target import query_parameters, route_path


class TargetMiddleware:
    """ASGI middleware that decodes the path and the query with `pulse.target`.

    Serves paths below `base_path`, with links below it, and paths without it, such as those of health
    checks that bypass the proxy.
    """

    def __init__(self, app: ASGIApp, base_path: str) -> None:
        self._app = app
        self._base_path = base_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with a decoded path and query."""
        if scope["type"] == "http":
            # Changed in place, so that outer middleware finds the route in its own scope.
            if scope.get("raw_path"):
                scope["path"] = route_path(scope["raw_path"].decode("latin-1"))
            query = query_parameters(scope["query_string"].decode("latin-1"))
            scope["query_string"] = urlencode(query).encode()
            if self._base_path and scope["path"] == self._base_path:
                scope["path"] += "/"  # the start page, by its shortest address
            if scope["path"].startswith(f"{self._base_path}/"):
                scope["root_path"] = self._base_path
        await self._app(scope, receive, send)
