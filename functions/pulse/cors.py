"""CORS headers that let pages of any origin read the API, which is public and takes no credentials."""

from typing import Final

METHODS: Final = "GET, HEAD, OPTIONS"

ON_EVERY_ANSWER: Final = {
    "access-control-allow-origin": "*",
    "access-control-expose-headers": (
        "ETag, Link, Retry-After, Server-Timing, X-Pulse-Source, X-Pulse-Stale, X-Pulse-Status, "
        "X-Request-Id"
    ),
    "timing-allow-origin": "*",
}
"""Headers of every response, with or without an `Origin`: caches don't distinguish the two."""

ON_OPTIONS: Final = {
    **ON_EVERY_ANSWER,
    "allow": METHODS,
    "access-control-allow-methods": METHODS,
    # Without credentials, `*` covers all headers except `Authorization`.
    "access-control-allow-headers": "*, Authorization",
    "access-control-max-age": "86400",
}
"""Headers of the response to OPTIONS, preflight or not. Its status is 204."""
