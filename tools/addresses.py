"""Messages about a URL: why nothing answers there, or what answers instead."""

import os
import socket
import ssl
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

import httpx

from pulse.network import Certificates, Network, is_loopback

_SHOWN: Final = 100
"""Characters of a body in a message."""


def open_blocking_client(
    url: str, network: Network, tls: ssl.SSLContext, *, timeout_s: float
) -> httpx.Client:
    """A client for the server at `url`, with the proxy that `network` has for it.

    Raises:
        InvalidSettings: the proxy can't be used.
    """
    proxy = network.proxy_for(url)
    return httpx.Client(
        base_url=url, timeout=timeout_s, verify=tls, proxy=proxy and proxy.url, trust_env=False
    )


def why_unreachable(error: httpx.TransportError, url: str, network: Network) -> str:
    """Why there is no answer, and which environment variable may help."""
    proxy = network.proxy_for(url)
    reason, proxy_may_help = _reason(error, network)
    if proxy is not None:
        return f"through the proxy of {proxy}: {reason}"
    address = httpx.URL(url)
    if proxy_may_help and not is_loopback(address.host):
        return (
            f"{reason}. Where the way out is a proxy, set {address.scheme.upper()}_PROXY to its URL"
        )
    return reason


def _reason(error: httpx.TransportError, network: Network) -> tuple[str, bool]:
    """The innermost known cause in words, and whether a proxy might help."""
    causes = list(_causes(error))
    for cause in reversed(causes):
        match cause:
            case ssl.SSLCertVerificationError():
                return _distrust(cause.verify_message, network.certificates), False
            case ssl.SSLError():
                return f"TLS fails: {cause}", False
            case socket.gaierror():
                return f"the name can't be resolved: {cause.strerror}", True
            case OSError() if cause.errno:
                words = os.strerror(cause.errno)  # asyncio's own end with the address
                return words[0].lower() + words[1:], True
            case httpx.ConnectTimeout() | httpx.ReadTimeout():
                phase = "no connection" if isinstance(cause, httpx.ConnectTimeout) else "no answer"
                return f"{phase} in time", isinstance(cause, httpx.ConnectTimeout)
    return str(error) or type(error).__name__, False


def _distrust(reason: str, certificates: Certificates | None) -> str:
    trusted = f"{certificates.variable}={certificates.path!r}" if certificates else "the usual ones"
    return (
        f"its certificate is not trusted: {reason}; trusted are {trusted}. Where a company's proxy signs "
        "the certificates, set SSL_CERT_FILE to a file with that company's own"
    )


def received(answer: httpx.Response, body: bytes) -> str:
    """A response in a few words: its status, and its redirect or the start of its body."""
    status = f"{answer.status_code} {answer.reason_phrase}".strip()
    if target := answer.headers.get("location"):
        return f"{status}, a redirect to {target[:_SHOWN]}"
    kind = answer.headers.get("content-type", "no content type").partition(";")[0]
    beginning = " ".join(body[: 2 * _SHOWN].decode(errors="replace").split())[:_SHOWN]
    return f"{status} with {kind}: {beginning!r}"


def redirected_base(answer: httpx.Response) -> str | None:
    """The base URL that a redirect to the same path leads to, if it is one."""
    with suppress(httpx.InvalidURL, ValueError):
        target = str(answer.request.url.join(answer.headers.get("location", "")))
        path = answer.request.url.path
        if answer.is_redirect and target.endswith(path):
            return target.removesuffix(path)
    return None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """An exception and its causes, down to the first."""
    while error is not None:
        yield error
        if isinstance(error, BaseExceptionGroup):  # one for each address of a name
            error = error.exceptions[0]
        else:
            error = error.__cause__ or error.__context__
