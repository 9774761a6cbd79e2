"""What a client or a CDN may keep, for how long, and how it asks whether that still holds."""

import datetime as dt
import gzip
import hashlib
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from pulse.negotiation import accepts_gzip

STALE_WHILE_REVALIDATE_S: Final = 600
"""Loading takes some ten minutes: so long may the old figures be shown while the new are fetched."""

STALE_IF_ERROR_S: Final = 86_400
"""Figures a day old are better than none."""

GZIP_FROM_BYTES: Final = 1_000
"""Below that, an answer fits into one packet however it is sent."""

_GZIP_LEVEL: Final = 6
_GZIP_SUFFIX: Final = "-gzip"
_HTTP_NOT_MODIFIED: Final = 304


def cache_control(fresh_until: dt.datetime, now: dt.datetime) -> str:
    """`Cache-Control` for figures that are fresh until then, on the UTC clock."""
    seconds = max(0, int((fresh_until - now).total_seconds()))
    return (
        f"public, max-age={seconds}, s-maxage={seconds}, "
        f"stale-while-revalidate={STALE_WHILE_REVALIDATE_S}, stale-if-error={STALE_IF_ERROR_S}"
    )


def conditional_response(request: Request, body: bytes, headers: dict[str, str]) -> Response:
    """The answer with a strong `ETag`, compressed if asked for, or 304 if the client has it.

    `headers` has `content-type`, and in `vary` what the body depends on.
    """
    compress = len(body) >= GZIP_FROM_BYTES and accepts_gzip(
        header_list(request, "accept-encoding")
    )
    tag = hashlib.blake2b(body, digest_size=16).hexdigest()
    # A strong tag stands for exact bytes, so each encoding has its own.
    etag = f'"{tag}{_GZIP_SUFFIX if compress else ""}"'
    headers = {**headers, "etag": etag}
    if _has(header_list(request, "if-none-match"), etag):
        # With its content type: Mangum would call an answer without one JSON, and a cache believe it.
        return Response(status_code=_HTTP_NOT_MODIFIED, headers=headers)
    if compress:
        headers["content-encoding"] = "gzip"
        body = gzip.compress(body, _GZIP_LEVEL, mtime=0)
    return Response(body, headers=headers)


def header_list(request: Request, name: str) -> str:
    """A header that is a list, whole: its items may come in several lines."""
    return ", ".join(request.headers.getlist(name))


def _has(if_none_match: str, etag: str) -> bool:
    """Whether a client's tags hold this one; for 304, RFC 9110 takes weak tags as good as strong."""
    tags = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return etag in tags or "*" in tags
