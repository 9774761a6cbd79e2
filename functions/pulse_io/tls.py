"""One TLS context for all clients: to make it is most of what a client costs."""

import functools
import ssl
from pathlib import Path

import httpx

from pulse.network import Certificates


@functools.cache
def tls_context(certificates: Certificates | None = None) -> ssl.SSLContext:
    """The context that trusts these authorities alone, by default those that httpx trusts.

    Raises:
        InvalidSettings: they can't be loaded.
    """
    if certificates is None:
        return httpx.create_ssl_context(trust_env=False)
    try:
        if certificates.folder:  # OpenSSL takes one that is not there, and then trusts nobody
            next(Path(certificates.folder).iterdir(), None)
        return ssl.create_default_context(cafile=certificates.file, capath=certificates.folder)
    except OSError as error:
        raise certificates.unusable(error) from None
