"""The FastAPI application: routes, middleware, error handlers and the OpenAPI document."""

import os
from typing import Any

from fastapi import FastAPI
from starlette.types import ASGIApp

from fastapi_app.cors import CorsMiddleware
from fastapi_app.head import HeadMiddleware
from fastapi_app.request_logging import RequestLogMiddleware
from fastapi_app.responses import PROBLEM_HANDLERS
from fastapi_app.routes import compare, dropin, files, health, images, packages, pages, top
from fastapi_app.target import TargetMiddleware
from pulse import __version__
from pulse_io.catalogues import Catalogues
from pulse_io.settings import Settings
from pulse_io.wiring import open_catalogues

DESCRIPTION = """
Download statistics for any PyPI package.

Package names follow PEP 508 and are normalised by PEP 503; `__all__` means all of PyPI. Days are UTC.
Every error is an RFC 9457 document. If a query parameter is repeated, its first value counts; `_`, which
jQuery adds, is ignored.
"""


class PulseAPI(FastAPI):
    """FastAPI with our middleware and a completed OpenAPI document."""

    base_path = ""
    """The path below which the API is served, besides the root."""

    def build_middleware_stack(self) -> ASGIApp:
        """Starlette's stack inside ours, so that responses to defects pass through ours too."""
        routed = TargetMiddleware(super().build_middleware_stack(), self.base_path)
        return RequestLogMiddleware(CorsMiddleware(HeadMiddleware(routed)))

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document; generated once."""
        if not self.openapi_schema:
            # Imported only when needed, with all that the examples are made of.
            from fastapi_app.contract import complete  # noqa: PLC0415 - see above

            self.openapi_schema = complete(super().openapi(), self.base_path)
        return self.openapi_schema


def create_app(catalogue: Catalogues, base_path: str = "") -> FastAPI:
    """The application. All figures come from `catalogue`; it is served below `base_path` and the root."""
    app = PulseAPI(
        title="PyPI Pulse",
        version=__version__,
        description=DESCRIPTION,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        exception_handlers=PROBLEM_HANDLERS,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.base_path = base_path
    app.state.catalogue = catalogue
    for router in (
        packages.router,
        compare.router,
        top.router,
        images.router,
        dropin.router,
        health.router,
        pages.router,
        files.router,
    ):
        app.include_router(router)
    return app


_settings = Settings.from_environ(os.environ)
app = create_app(open_catalogues(_settings), _settings.base_path)
