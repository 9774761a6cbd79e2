"""What browsers and CDNs live on: tags, lifetimes, compression, HEAD."""

from typing import Final

import httpx

from tools.smoke.figures import DOWNLOADS, PACKAGE
from tools.smoke.live import Live, keep, said
from tools.smoke.promises import Promise

LIFETIMES: Final = ("max-age", "s-maxage", "stale-while-revalidate", "stale-if-error")
NO_STORE: Final = "no-store"
_SAME_FOR_HEAD: Final = ("content-type", "cache-control", "vary")


def _not_modified(live: Live) -> None:
    answer = live.ask_again_with_its_tag(f"/packages/{live.package}")
    keep(
        that=answer.status_code == httpx.codes.NOT_MODIFIED,
        broken=f"If-None-Match with its ETag is answered {said(answer)}",
    )
    keep(that=answer.content == b"", broken="the 304 has a body")


def _lifetimes(live: Live) -> None:
    directives = _cache_control(live.ask_well(f"/packages/{live.package}"))
    missing = [name for name in LIFETIMES if not directives.get(name, "").isdigit()]
    keep(that=not missing, broken=f"Cache-Control lacks {', '.join(missing)}: {directives}")
    keep(that="public" in directives, broken=f"Cache-Control is not public: {directives}")


def _not_kept(live: Live) -> None:
    for path in ("/health", "/pypi-pulse-smoke"):
        directives = _cache_control(live.ask(path))
        keep(that=NO_STORE in directives, broken=f"{path} may be kept: {directives}")


def _gzip(live: Live) -> None:
    path = f"/packages/{live.package}/downloads"
    zipped = live.ask_well(path, accept_encoding="gzip")
    encoding = zipped.headers.get("content-encoding", "none")
    keep(that=encoding == "gzip", broken=f"Accept-Encoding: gzip is answered with {encoding}")
    plain = live.ask_well(path, accept_encoding="identity")
    keep(that="content-encoding" not in plain.headers, broken="it is compressed unasked")
    for answer in (zipped, plain):
        vary = answer.headers.get("vary", "")
        keep(that="accept-encoding" in vary.lower(), broken=f"Vary is {vary!r}")


def _head(live: Live) -> None:
    path = f"/packages/{live.package}"
    get, head = live.ask_well(path), live.ask(path, method="HEAD")
    keep(that=head.status_code == httpx.codes.OK, broken=f"HEAD is answered {head.status_code}")
    keep(that=head.content == b"", broken="the answer to HEAD has a body")
    keep(that="etag" in head.headers, broken="the answer to HEAD has no ETag")
    for name in _SAME_FOR_HEAD:
        sent = [answer.headers.get(name, "").partition(", max-age")[0] for answer in (get, head)]
        keep(that=sent[0] == sent[1], broken=f"{name} is {sent[0]!r} for GET, {sent[1]!r} for HEAD")


def _cache_control(answer: httpx.Response) -> dict[str, str]:
    directives = answer.headers.get("cache-control", "").split(",")
    return {name.strip(): value for name, _, value in (each.partition("=") for each in directives)}


PROMISES: Final = (
    Promise(PACKAGE, "a strong ETag, and 304 to who has it", _not_modified),
    Promise(PACKAGE, "may be kept, and for how long", _lifetimes),
    Promise(PACKAGE, "HEAD is GET without the body", _head),
    Promise(DOWNLOADS, "gzip to who asks for it", _gzip),
    Promise("/health", "neither it nor an error is kept", _not_kept),
)
