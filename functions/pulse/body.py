"""The body of an HTTP answer, read up to a limit: what upstream sends is not trusted to be small.

Sans-I/O: the caller feeds it the bytes of the body as they come over the wire, still compressed.
"""

import zlib
from collections.abc import Mapping
from typing import Final

from pulse.problems import UpstreamBroken

_COMPRESSED: Final = {"gzip", "x-gzip", "deflate"}
_WRONGLY_COMPRESSED: Final = "it is not compressed as it says"
_GZIP_OR_ZLIB: Final = zlib.MAX_WBITS | 32


class BodyReader:
    """Reads one body of at most `limit_bytes`, both as sent and decompressed.

    At most one content coding is undone, and never more of it than the limit allows, so that a
    small answer can't become a large one. `headers` looks names up in any case.

    Raises:
        UpstreamBroken: it has a coding that was not asked for, or several.
    """

    def __init__(self, headers: Mapping[str, str], limit_bytes: int) -> None:
        codings = [
            coding
            for part in headers.get("Content-Encoding", "").lower().split(",")
            if (coding := part.strip()) not in {"", "identity"}
        ]
        if len(codings) > 1 or not _COMPRESSED.issuperset(codings):
            raise UpstreamBroken.because("its encoding is not one that was asked for")
        self._decompressor = zlib.decompressobj(_GZIP_OR_ZLIB) if codings else None
        self._limit = limit_bytes
        self._received = 0
        self._body = bytearray()

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes of the body.

        Raises:
            UpstreamBroken: it is larger than the limit, or not compressed as it says.
        """
        self._received += len(chunk)
        if self._decompressor:
            chunk = self._decompress(self._decompressor, chunk)
        self._body += chunk
        if max(self._received, len(self._body)) > self._limit:
            self._body.clear()  # a traceback may keep this object for a while
            raise UpstreamBroken.because("it is far larger than any true one")

    def finish(self) -> bytes:
        """The whole body, once there are no more bytes.

        Raises:
            UpstreamBroken: its compression breaks off.
        """
        if self._decompressor and self._received and not self._decompressor.eof:
            raise UpstreamBroken.because(_WRONGLY_COMPRESSED)
        return bytes(self._body)

    def _decompress(self, decompressor: "zlib._Decompress", chunk: bytes) -> bytes:
        """The next bytes of the content, up to one more than there is room for."""
        try:
            content = decompressor.decompress(chunk, self._limit - len(self._body) + 1)
        except zlib.error:
            raise UpstreamBroken.because(_WRONGLY_COMPRESSED) from None
        if decompressor.unused_data:
            raise UpstreamBroken.because(_WRONGLY_COMPRESSED)
        return content
