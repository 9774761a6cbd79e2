"""What is asked for, as the routes know it: whoever the client is, and whatever is in front."""

from urllib.parse import urlencode

from starlette.types import ASGIApp, Receive, Scope, Send

from pulse.target import query_parameters, route_path


class AsRoutesKnowIt:
    """ASGI middleware: reads the path and the query as `pulse.target` says.

    Paths below `base_path` are served, and their answers link to paths below it; so are paths
    without it, as health checks ask that get around what is in front.
    """

    def __init__(self, app: ASGIApp, base_path: str) -> None:
        self._app = app
        self._base_path = base_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, read."""
        if scope["type"] == "http":
            # In place: those around this find the route in their own scope.
            if scope.get("raw_path"):
                scope["path"] = route_path(scope["raw_path"].decode("latin-1"))
            query = query_parameters(scope["query_string"].decode("latin-1"))
            scope["query_string"] = urlencode(query).encode()
            if scope["path"].startswith(f"{self._base_path}/"):
                scope["root_path"] = self._base_path
        await self._app(scope, receive, send)
