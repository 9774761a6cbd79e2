"""Headers that keep pages to themselves: no other origin's code, no inline code, no frames, no leaks."""

from typing import Final

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

PAGE_HEADERS: Final = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "browsing-topics=(), camera=(), geolocation=(), microphone=()",
    "referrer-policy": "strict-origin-when-cross-origin",
    "x-content-type-options": "nosniff",
}
"""Headers of every HTML page."""

FILE_HEADERS: Final = {"x-content-type-options": "nosniff"}
"""Headers of every static file."""

IMAGE_HEADERS: Final = {
    **FILE_HEADERS,
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
}
"""Headers of an SVG. Opened by itself it is a page, which may do nothing but show its own styles."""
