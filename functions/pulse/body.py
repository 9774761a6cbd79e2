"""Reads the body of an HTTP response up to a size limit.

Sans-I/O: the caller feeds it the bytes as received, still compressed.
"""

import zlib
from collections.abc import Mapping
from typing import Final

from pulse.problems import PYPISTATS, UpstreamBroken

_COMPRESSED: Final = {"gzip", "x-gzip", "deflate"}
_WRONGLY_COMPRESSED: Final = "its compression is invalid"
_GZIP_OR_ZLIB: Final = zlib.MAX_WBITS | 32


class BodyReader:
    """Reads one body of at most `limit_bytes`, both compressed and decompressed.

    Decodes at most one content coding and stops at the limit, so a small response can't expand into
    a huge one. `headers` must be case-insensitive; `source` is the sender, as problems name it.

    Raises:
        UpstreamBroken: the body has several content codings, or one that was not requested.
    """

    def __init__(
        self, headers: Mapping[str, str], limit_bytes: int, source: str = PYPISTATS
    ) -> None:
        self._source = source
        codings = [
            coding
            for part in headers.get("Content-Encoding", "").lower().split(",")
            if (coding := part.strip()) not in {"", "identity"}
        ]
        if len(codings) > 1 or not _COMPRESSED.issuperset(codings):
            raise UpstreamBroken.because("its content encoding was not requested", source)
        self._decompressor = zlib.decompressobj(_GZIP_OR_ZLIB) if codings else None
        self._limit = limit_bytes
        self._received = 0
        self._body = bytearray()

    def feed(self, chunk: bytes) -> None:
        """Add the next bytes of the body.

        Raises:
            UpstreamBroken: the body is larger than the limit, or its compression is invalid.
        """
        self._received += len(chunk)
        if self._decompressor:
            chunk = self._decompress(self._decompressor, chunk)
        self._body += chunk
        if max(self._received, len(self._body)) > self._limit:
            self._body.clear()  # a traceback may keep this object alive
            raise UpstreamBroken.because("it is far too large", self._source)

    def finish(self) -> bytes:
        """The whole decompressed body; call it after the last `feed`.

        Raises:
            UpstreamBroken: the compressed data is incomplete.
        """
        if self._decompressor and self._received and not self._decompressor.eof:
            raise UpstreamBroken.because(_WRONGLY_COMPRESSED, self._source)
        return bytes(self._body)

    def _decompress(self, decompressor: "zlib._Decompress", chunk: bytes) -> bytes:
        """The next decompressed bytes; at most one byte more than the limit allows."""
        try:
            content = decompressor.decompress(chunk, self._limit - len(self._body) + 1)
        except zlib.error:
            raise UpstreamBroken.because(_WRONGLY_COMPRESSED, self._source) from None
        if decompressor.unused_data:
            raise UpstreamBroken.because(_WRONGLY_COMPRESSED, self._source)
        return content
