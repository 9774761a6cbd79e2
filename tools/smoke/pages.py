"""That pages of any origin may read the API: CORS."""

from typing import Final

import httpx

from tools.smoke.figures import PACKAGE
from tools.smoke.live import Live, keep
from tools.smoke.promises import Promise

ORIGIN: Final = "https://example.org"
EXPOSED: Final = {
    *("etag", "link", "retry-after", "server-timing"),
    *("x-pulse-source", "x-pulse-stale", "x-request-id"),
}


def _may_read(live: Live) -> None:
    for path in (f"/packages/{live.package}", "/packages/-x-"):
        for headers in ({}, {"origin": ORIGIN}):
            answer = live.ask(path, **headers)
            _any_origin(answer, path)
            missing = EXPOSED - _names(answer, "access-control-expose-headers")
            keep(that=not missing, broken=f"{path} does not expose {', '.join(sorted(missing))}")


def _may_ask(live: Live) -> None:
    answer = live.ask(
        f"/packages/{live.package}",
        method="OPTIONS",
        origin=ORIGIN,
        access_control_request_method="GET",
        access_control_request_headers="if-none-match",
    )
    keep(that=answer.is_success, broken=f"the preflight is answered {answer.status_code}")
    _any_origin(answer, "the preflight")
    methods = _names(answer, "access-control-allow-methods")
    keep(that=bool(methods & {"get", "*"}), broken=f"the preflight allows {sorted(methods)}")
    headers = _names(answer, "access-control-allow-headers")
    keep(that=bool(headers & {"if-none-match", "*"}), broken=f"it allows {sorted(headers)} alone")


def _any_origin(answer: httpx.Response, what: str) -> None:
    allowed = answer.headers.get("access-control-allow-origin", "nobody")
    keep(that=allowed == "*", broken=f"{what} may be read by {allowed}, not by pages of any origin")


def _names(answer: httpx.Response, header: str) -> set[str]:
    return {name.strip().lower() for name in answer.headers.get(header, "").split(",")}


PROMISES: Final = (Promise(PACKAGE, "pages of any origin may read it, errors too", _may_read),)
PREFLIGHT: Final = Promise(PACKAGE, "pages may ask with If-None-Match", _may_ask)
