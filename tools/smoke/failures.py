"""That every failure is an RFC 9457 document with the right status."""

from collections.abc import Callable
from typing import Final

from tools.smoke import contract
from tools.smoke.figures import COMPARE, DOWNLOADS, PACKAGE
from tools.smoke.live import Live, body_of, keep
from tools.smoke.promises import Promise

UNKNOWN: Final = "pypi-pulse-smoke-of-no-such-package"
NOT_FOUND: Final = 404
METHOD_NOT_ALLOWED: Final = 405
UNPROCESSABLE: Final = 422


def _problem(path: str, status: int, *, method: str = "GET") -> Callable[[Live], None]:
    def trial(live: Live) -> None:
        asked = path.replace("{package}", live.package)
        contract.check_problem(live, live.ask(asked, method=method), status)

    return trial


def _names_each_error(live: Live) -> None:
    answer = live.ask("/compare?packages=-x-&mirrors=maybe")
    contract.check_problem(live, answer, UNPROCESSABLE)
    named = {error["parameter"] for error in body_of(answer).get("errors", [])}
    keep(that=named == {"packages", "mirrors"}, broken=f"its errors name {sorted(named) or 'none'}")


PROMISES: Final = (
    Promise(PACKAGE, "404 for an unknown package", _problem(f"/packages/{UNKNOWN}", NOT_FOUND)),
    Promise(PACKAGE, "422 for what is no name", _problem("/packages/-x-", UNPROCESSABLE)),
    Promise(
        DOWNLOADS,
        "422 for a misspelt parameter",
        _problem("/packages/{package}/downloads?perod=week", UNPROCESSABLE),
    ),
    Promise(COMPARE, "422 that names each wrong parameter", _names_each_error),
    Promise("/health", "405 for DELETE", _problem("/health", METHOD_NOT_ALLOWED, method="DELETE")),
    Promise("anywhere else", "404", _problem("/pypi-pulse-smoke", NOT_FOUND)),
)
