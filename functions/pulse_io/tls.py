"""A TLS context shared by all clients: creating it is the most expensive part of a client."""

import functools
import ssl
from pathlib import Path

import httpx

from pulse.network import Certificates


@functools.cache
def tls_context(certificates: Certificates | None = None) -> ssl.SSLContext:
    """A context that trusts only these certificate authorities; by default those that httpx trusts.

    Raises:
        InvalidSettings: the certificates can't be loaded.
    """
    if certificates is None:
        return httpx.create_ssl_context(trust_env=False)
    try:
        if certificates.folder:  # OpenSSL accepts a missing folder, and then trusts nobody
            next(Path(certificates.folder).iterdir(), None)
        return ssl.create_default_context(cafile=certificates.file, capath=certificates.folder)
    except OSError as error:
        raise certificates.unusable(error) from None
