"""Normalises the path and the query of requests, for any client, server and base path."""

from urllib.parse import urlencode

from starlette.types import ASGIApp, Receive, Scope, Send

from pulse.target import query_parameters, route_path


class TargetMiddleware:
    """ASGI middleware that decodes the path and the query with `pulse.target`.

    Serves paths below `base_path` and paths without it: a proxy or an API mapping may remove it. Links are
    always below it.
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
            scope["root_path"] = self._base_path
            if self._base_path and scope["path"] == self._base_path:
                scope["path"] += "/"  # the start page, by its shortest address
        await self._app(scope, receive, send)
