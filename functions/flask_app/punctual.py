"""Connections for `requests` on which an answer is over in time, however slowly it drips.

A read timeout is for each single read, so it never ends a head or a body that comes byte by byte.
"""

import io
import socket
import time
from http.client import HTTPResponse
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection


class _PunctualReader(io.RawIOBase):
    """Reads a socket for as long as the socket's timeout says when this is made, and no longer."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket) -> None:
        self._raw = raw
        self._sock = sock
        timeout_s = sock.gettimeout()
        self._until = None if timeout_s is None else time.monotonic() + timeout_s

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:  # noqa: ANN401 - any writable buffer
        """Raise TimeoutError if it is too late."""
        if self._until is not None:
            left_s = self._until - time.monotonic()
            if left_s <= 0:
                raise TimeoutError("timed out")
            self._sock.settimeout(left_s)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _PunctualResponse(HTTPResponse):
    """An answer whose head and body are read through one `_PunctualReader`.

    It is made after the socket was given the time that is left for reading.
    """

    def __init__(self, sock: socket.socket, *args: Any, **options: Any) -> None:  # noqa: ANN401 - as http.client has it
        super().__init__(sock, *args, **options)
        self.fp = io.BufferedReader(_PunctualReader(self.fp.detach(), sock))


class _Connection(HTTPConnection):
    response_class = _PunctualResponse


class _TlsConnection(HTTPSConnection):
    response_class = _PunctualResponse


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


class PunctualAdapter(HTTPAdapter):
    """Give it a `urllib3.Timeout` whose `total` is the time for connection, head and body together."""

    def init_poolmanager(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - as requests has it
        """As `HTTPAdapter`, with punctual connections."""
        super().init_poolmanager(*args, **options)
        _make_punctual(self.poolmanager)

    def proxy_manager_for(self, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - as requests has it
        """As `HTTPAdapter`, with punctual connections."""
        manager = super().proxy_manager_for(*args, **options)
        _make_punctual(manager)
        return manager


def _make_punctual(manager: PoolManager) -> None:
    manager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}
