"""HTTP caching for clients and CDNs: Cache-Control, ETags, 304 responses, and gzip."""

import datetime as dt
import gzip
import hashlib
from http import HTTPStatus
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from pulse.negotiation import accepts_gzip

STALE_WHILE_REVALIDATE_S: Final = 600
"""How long old figures may be served while new ones are fetched; upstream loads a day in ten minutes."""

STALE_IF_ERROR_S: Final = 86_400
"""Figures that are a day old are better than none."""

GZIP_FROM_BYTES: Final = 1_000
"""Smaller responses fit into one packet, compressed or not."""

PNG: Final = "image/png"
"""A media type that is compressed already."""

_GZIP_LEVEL: Final = 6
_GZIP_SUFFIX: Final = "-gzip"


def cache_control(fresh_until: dt.datetime, now: dt.datetime) -> str:
    """`Cache-Control` for figures that are fresh until `fresh_until` (UTC)."""
    seconds = max(0, int((fresh_until - now).total_seconds()))
    return (
        f"public, max-age={seconds}, s-maxage={seconds}, "
        f"stale-while-revalidate={STALE_WHILE_REVALIDATE_S}, stale-if-error={STALE_IF_ERROR_S}"
    )


def conditional_response(
    request: Request,
    body: bytes,
    headers: dict[str, str],
    *,
    status: int = HTTPStatus.OK,
    gzipped: bytes | None = None,
) -> Response:
    """A response with a strong `ETag`, compressed if the client accepts gzip; 304 if it has this body.

    `headers` must have `content-type` and `vary`. `gzipped` is the body if it is compressed already. Only a
    response with status 200 has an `ETag`.
    """
    compress = (
        headers["content-type"] != PNG
        and len(body) >= GZIP_FROM_BYTES
        and accepts_gzip(header_list(request, "accept-encoding"))
    )
    if status == HTTPStatus.OK:
        tag = hashlib.blake2b(body, digest_size=16).hexdigest()
        # A strong ETag identifies exact bytes, so each encoding has its own.
        etag = f'"{tag}{_GZIP_SUFFIX if compress else ""}"'
        headers = {**headers, "etag": etag}
        if _has(header_list(request, "if-none-match"), etag):
            # Keeps the content type: Mangum would add `application/json` to a response without one.
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    if compress:
        headers = {**headers, "content-encoding": "gzip"}
        body = gzipped or gzip.compress(body, _GZIP_LEVEL, mtime=0)
    return Response(body, status, headers)


def header_list(request: Request, name: str) -> str:
    """The value of a list header; several lines of it are joined."""
    return ", ".join(request.headers.getlist(name))


def _has(if_none_match: str, etag: str) -> bool:
    """Whether `If-None-Match` has this ETag, by RFC 9110's weak comparison."""
    tags = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return etag in tags or "*" in tags
