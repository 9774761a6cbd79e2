"""Letting pages of any origin read the API: all of it is public, and none of it takes credentials."""

from typing import Final

METHODS: Final = "GET, HEAD, OPTIONS"

ON_EVERY_ANSWER: Final = {
    "access-control-allow-origin": "*",
    "access-control-expose-headers": (
        "ETag, Link, Retry-After, Server-Timing, X-Pulse-Source, X-Pulse-Stale, X-Request-Id"
    ),
    "timing-allow-origin": "*",
}
"""Headers of every answer, whether a page asked or not: a cache does not tell the two apart."""

ON_OPTIONS: Final = {
    **ON_EVERY_ANSWER,
    "allow": METHODS,
    "access-control-allow-methods": METHODS,
    # Without credentials, `*` stands for all headers but `Authorization`, which has to be named.
    "access-control-allow-headers": "*, Authorization",
    "access-control-max-age": "86400",
}
"""Headers of the answer to OPTIONS, a browser's preflight or not. The status is 204."""
