"""GitHub's image proxy, as far as it decides whether a README shows an image.

It waits four seconds, takes 5 MiB, follows four redirects, sends only images with status 200 on, and caches by
`Cache-Control`; without one, for a year.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote

import httpx

from tests.serving import QuietHandler, serving

TIME_LIMIT_S: Final = 4.0
SIZE_LIMIT: Final = 5 * 2**20
MAX_REDIRECTS: Final = 4
YEAR_S: Final = 31_536_000

_MAX_AGE: Final = re.compile(r"(?:^|[, ])max-age=(\d+)")


@dataclass
class ImageProxy:
    """Its cache, what it fetched, and its clock in seconds, which a test moves."""

    url: str = ""
    now_s: float = 0
    fetched: list[str] = field(default_factory=list)
    cache: dict[str, tuple[float, bytes, str]] = field(default_factory=dict)

    def of(self, url: str) -> str:
        """The address under which a README would show the image at `url`."""
        return f"{self.url}/{url}"

    def answer(self, url: str) -> tuple[int, bytes, str]:
        """Status, body and content type for a reader; 404 shows as a broken image."""
        if url in self.cache and self.cache[url][0] > self.now_s:
            return 200, *self.cache[url][1:]
        self.fetched.append(url)
        client = httpx.Client(
            timeout=TIME_LIMIT_S,
            follow_redirects=True,
            max_redirects=MAX_REDIRECTS,
            trust_env=False,
        )
        try:
            with client:
                found = client.get(url, headers={"accept": "image/*"})
        except httpx.HTTPError:
            return 404, b"", "text/plain"
        content_type = found.headers.get("content-type", "")
        is_image = content_type.startswith("image/") and len(found.content) <= SIZE_LIMIT
        if found.status_code != httpx.codes.OK or not is_image:
            return 404, b"", "text/plain"
        max_age = _MAX_AGE.search(found.headers.get("cache-control", ""))
        expires_s = self.now_s + (int(max_age[1]) if max_age else YEAR_S)
        self.cache[url] = expires_s, found.content, content_type
        return 200, found.content, content_type


@contextmanager
def image_proxy() -> Iterator[ImageProxy]:
    """A proxy of one's own on loopback."""
    proxy = ImageProxy()

    class Handler(QuietHandler):
        def do_GET(self) -> None:  # noqa: N802 - http.server calls it
            status, body, content_type = proxy.answer(unquote(self.path[1:]))
            self.send_response(status)
            self.send_header("content-type", content_type)
            self.send_header("content-length", str(len(body)))
            # As GitHub's: an SVG may not do anything.
            self.send_header(
                "content-security-policy", "default-src 'none'; style-src 'unsafe-inline'"
            )
            self.end_headers()
            self.wfile.write(body)

    with serving(Handler) as url:
        proxy.url = url
        yield proxy
