"""One TLS context for all clients: to make it is most of what a client costs."""

import functools
import ssl

import httpx


@functools.cache
def tls_context() -> ssl.SSLContext:
    """The context, with the authorities that httpx trusts."""
    return httpx.create_ssl_context()
