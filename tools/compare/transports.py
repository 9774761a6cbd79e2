"""The FastAPI variant with its calls carried by another transport, named by the variable `TRANSPORT`.

A server imports `app` from here, a Lambda function `handler`: this file lies in its artifact then, so it
imports nothing of `tools`.
"""

import importlib
import os
import ssl
import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import httpx

PACKAGES: Final = {
    "httpx2": ("httpx2",),
    "aiohttp": ("httpx-aiohttp",),
    "pyreqwest": ("pyreqwest",),
}
"""What a transport needs beside the variant's own dependencies."""


def use(transport: str) -> None:
    """Let all clients that are opened from now on use a transport. Nothing may have imported httpx yet.

    Raises:
        ValueError: there is no such transport.
    """
    if transport == "httpx":
        return
    if transport == "httpx2":  # a continuation of httpx with the same API
        sys.modules["httpx"] = importlib.import_module("httpx2")
        return
    from pulse_io import clients  # noqa: PLC0415 - imports httpx, which is chosen above

    clients.open_transport = {"aiohttp": _aiohttp, "pyreqwest": _pyreqwest}[transport]


def _aiohttp(
    *, verify: ssl.SSLContext, limits: "httpx.Limits", proxy: "httpx.Proxy | None" = None
) -> Any:  # noqa: ANN401 - an httpx transport, which is imported late
    from httpx_aiohttp import AiohttpTransport  # noqa: PLC0415 - only where it is measured

    return AiohttpTransport(verify=verify, limits=limits, proxy=proxy, trust_env=False)


def _pyreqwest(
    *, verify: ssl.SSLContext, limits: "httpx.Limits", proxy: "httpx.Proxy | None" = None
) -> Any:  # noqa: ANN401 - as above
    """Without `verify` and `proxy`, which it takes in a form of its own: upstream is on loopback."""
    from pyreqwest.client import ClientBuilder  # noqa: PLC0415 - only where it is measured
    from pyreqwest.compatibility.httpx import HttpxTransport  # noqa: PLC0415 - as above

    del verify, proxy
    client = (
        ClientBuilder()
        .no_proxy()
        .follow_redirects(enable=False)
        .max_connections(limits.max_connections)
        .pool_idle_timeout(timedelta(seconds=limits.keepalive_expiry or 0))
        .build()
    )
    return HttpxTransport(client)


def __getattr__(name: str) -> Any:  # noqa: ANN401 - an application or a handler
    """`app` or `handler` of the FastAPI variant."""
    modules = {"app": "fastapi_app.app", "handler": "fastapi_app.handler"}
    if name not in modules:
        raise AttributeError(name)
    use(os.environ["TRANSPORT"])
    return getattr(importlib.import_module(modules[name]), name)
