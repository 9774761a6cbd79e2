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
from pulse import __version__
from pulse_io.library import Library
from pulse_io.opening import open_library
from pulse_io.settings import Settings

DESCRIPTION = """
Download statistics for any PyPI package.

Package names follow PEP 508 and are normalised by PEP 503; `__all__` means all of PyPI. Days are UTC
days. Every error is an RFC 9457 document.
"""


class PulseAPI(FastAPI):
    """FastAPI with a contract that says how errors look and has an example of every model."""

    def build_middleware_stack(self) -> ASGIApp:
        """Starlette's stack inside of ours, so that the answer to a defect passes through it too."""
        return Observed(ForEveryOrigin(HeadAsGet(super().build_middleware_stack())))

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document; made once."""
        if not self.openapi_schema:
            self.openapi_schema = complete(super().openapi())
        return self.openapi_schema


def create_app(library: Library) -> FastAPI:
    """The application, with all its numbers from `library`."""
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
    app.state.library = library
    for router in (packages.router, compare.router, dropin.router, health.router):
        app.include_router(router)
    return app


app = create_app(open_library(Settings.from_environ(os.environ)))
