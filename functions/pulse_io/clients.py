"""Creates the HTTP client for one server, with its proxy and trusted certificates, and reads its responses."""

import asyncio
from collections.abc import Callable
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Final

import httpx

from pulse.body import BodyReader
from pulse.network import Network
from pulse_io.tls import tls_context

KEEPALIVE_EXPIRY_S: Final = 60
"""How long an idle connection is kept open; the next request usually comes within this time."""

open_transport: Callable[..., httpx.AsyncBaseTransport] = httpx.AsyncHTTPTransport
"""Carries the calls below httpx. `make compare` measures others in its place."""


def open_client(
    url: str,
    network: Network,
    *,
    timeout: httpx.Timeout,
    max_connections: int,
    transport: httpx.AsyncBaseTransport | None = None,
) -> httpx.AsyncClient:
    """A client for the server at `url`, with the proxy and certificates of `network`.

    `transport` replaces the network in tests. Other servers are reached without a proxy.

    Raises:
        InvalidSettings: the proxy or the certificates can't be used.
    """
    tls = tls_context(network.certificates)
    limits = httpx.Limits(max_connections=max_connections, keepalive_expiry=KEEPALIVE_EXPIRY_S)
    proxies = {}
    if proxy := network.proxy_for(url):
        # httpx rejects an SSL context for an http proxy.
        own_tls = tls if proxy.url.startswith("https:") else None
        proxies[url] = open_transport(
            proxy=httpx.Proxy(proxy.url, ssl_context=own_tls), verify=tls, limits=limits
        )
    return httpx.AsyncClient(
        base_url=url,
        headers={"Accept-Encoding": "gzip"},  # the one that `read_body` decodes
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),  # keeps none
        timeout=timeout,
        mounts=proxies,
        transport=transport or open_transport(verify=tls, limits=limits),
        trust_env=False,
    )


async def read_body(response: httpx.Response, body: BodyReader) -> bytes:
    """The body of a streamed response, which is closed.

    Raises:
        UpstreamBroken: as `BodyReader`.
        httpx.TransportError: the connection broke.
    """
    try:
        async for chunk in response.aiter_raw():
            body.feed(chunk)
            await asyncio.sleep(0)  # thousands of small chunks would block the event loop
        return body.finish()
    finally:
        await response.aclose()
        # A reference cycle with the stream would keep the body in memory until a full garbage collection.
        response.stream = httpx.ByteStream(b"")
