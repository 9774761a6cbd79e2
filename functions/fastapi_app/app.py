"""The FastAPI application: its routes, its documentation, and how a failure becomes an answer."""

import os
from typing import Any

from fastapi import FastAPI
from starlette.types import ASGIApp

from fastapi_app.contract import complete
from fastapi_app.cors import ForEveryOrigin
from fastapi_app.head import HeadAsGet
from fastapi_app.observation import Observed
from fastapi_app.responses import PROBLEM_HANDLERS
from fastapi_app.routes import compare, dropin, health, packages
from fastapi_app.target import AsRoutesKnowIt
from pulse import __version__
from pulse_io.catalogue import Catalogue
from pulse_io.settings import Settings
from pulse_io.wiring import open_catalogue

DESCRIPTION = """
Download statistics for any PyPI package.

Package names follow PEP 508 and are normalised by PEP 503; `__all__` means all of PyPI. Days are UTC
days. Every error is an RFC 9457 document. Of a query parameter that is given several times, the first value
counts; `_`, which jQuery adds, is ignored.
"""


class PulseAPI(FastAPI):
    """FastAPI with a contract that says how errors look and has an example of every model."""

    base_path = ""
    """Below which path it is served, beside the root."""

    def build_middleware_stack(self) -> ASGIApp:
        """Starlette's stack inside of ours, so that the answer to a defect passes through it too."""
        routed = AsRoutesKnowIt(super().build_middleware_stack(), self.base_path)
        return Observed(ForEveryOrigin(HeadAsGet(routed)))

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document; made once."""
        if not self.openapi_schema:
            self.openapi_schema = complete(super().openapi(), self.base_path)
        return self.openapi_schema


def create_app(catalogue: Catalogue, base_path: str = "") -> FastAPI:
    """The application, with all its numbers from `catalogue`, below `base_path` as settings read it."""
    app = PulseAPI(
        title="PyPI Pulse",
        version=__version__,
        description=DESCRIPTION,
        redoc_url=None,
        swagger_ui_oauth2_redirect_url=None,
        redirect_slashes=False,
        exception_handlers=PROBLEM_HANDLERS,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.base_path = base_path
    app.state.catalogue = catalogue
    for router in (packages.router, compare.router, dropin.router, health.router):
        app.include_router(router)
    return app


_settings = Settings.from_environ(os.environ)
app = create_app(open_catalogue(_settings), _settings.base_path)
