"""Static files. The path of each has a digest of its content, so that browsers can keep it for ever.

Most are in `static/`; Swagger UI comes with the package `fastapi-swagger`, styles of charts with the charts.
A build compresses them; what isn't compressed yet is compressed when it is first needed.
"""

import gzip
import hashlib
import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final, NamedTuple

from pulse.charts.style import stylesheet

IMMUTABLE: Final = "public, max-age=31536000, immutable"
"""`Cache-Control` of a path with the current digest. Other content has another path."""

REVALIDATE: Final = "no-cache"
"""`Cache-Control` of a path with an old digest or none: a page from before a deployment asks for it."""

_OWN: Final = Path(__file__).with_name("static")
_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
_DIGEST: Final = re.compile(r"\.([0-9a-f]{12})(?=\.[a-z]+$)")
_SWAGGER: Final = frozenset({"swagger-ui.css", "swagger-ui-bundle.js"})
_CHARTS: Final = "charts.css"
NAMES: Final = _SWAGGER | {
    *(_CHARTS, "docs.css", "docs.js", "favicon.svg", "names.txt", "page.css", "page.js"),
}


class StaticFile(NamedTuple):
    """A file: its content, the same compressed, and its media type. `digest` is of the content."""

    body: bytes
    gzipped: bytes
    digest: str
    content_type: str


def static_path(name: str) -> str:
    """The path of a file below the base path, with the digest of its content."""
    stem, _, extension = name.rpartition(".")
    return f"/static/{stem}.{load(name).digest}.{extension}"


def requested(name: str) -> tuple[StaticFile, bool] | None:
    """The file for the last segment of a path, and whether its digest is the current one.

    None if there is no such file.
    """
    digest = _DIGEST.search(name)
    plain = _DIGEST.sub("", name)
    if plain not in NAMES:
        return None
    file = load(plain)
    return file, digest is not None and digest[1] == file.digest


@cache
def load(name: str) -> StaticFile:
    """One of `NAMES`, read once."""
    if name == _CHARTS:
        body = stylesheet("auto").encode()
        return StaticFile(body, gzip.compress(body, mtime=0), _digest(body), _TYPES[".css"])
    path = (_swagger_folder() if name in _SWAGGER else _OWN) / name
    compressed = path.with_name(f"{name}.gz")
    if compressed.exists():
        gzipped = compressed.read_bytes()
        body = gzip.decompress(gzipped)
    else:
        body = path.read_bytes()
        gzipped = gzip.compress(body, mtime=0)
    return StaticFile(body, gzipped, _digest(body), _TYPES[path.suffix])


def _digest(body: bytes) -> str:
    return hashlib.blake2b(body, digest_size=6).hexdigest()


def _swagger_folder() -> Path:
    """Where `fastapi-swagger` keeps Swagger UI; it is not imported."""
    spec = find_spec("fastapi_swagger")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("fastapi-swagger, which has Swagger UI, is not installed")
    return Path(spec.origin).with_name("resources")
