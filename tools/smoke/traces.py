"""What an operator follows a request by: its id, and where its time went."""

from typing import Final

from tools.smoke.contract import PROBLEM_TYPE, media_type_of
from tools.smoke.figures import PACKAGE
from tools.smoke.live import Live, body_of, keep
from tools.smoke.promises import Promise

ASKED: Final = ("/health", "/packages/-x-", "/pypi-pulse-smoke")


def _has_id(live: Live) -> None:
    for path in (f"/packages/{live.package}", *ASKED):
        answer = live.ask(path)
        request_id = answer.headers.get("x-request-id", "")
        keep(that=request_id != "", broken=f"{path} is answered without X-Request-Id")
        if media_type_of(answer) == PROBLEM_TYPE:
            told = body_of(answer).get("request_id")
            keep(
                that=told == request_id, broken=f"{path} says {told} in its body, not {request_id}"
            )


def _has_timing(live: Live) -> None:
    answer = live.ask_well(f"/packages/{live.package}")
    timing = answer.headers.get("server-timing", "missing")
    keep(that=";dur=" in timing, broken=f"Server-Timing is {timing}")


PROMISES: Final = (
    Promise(PACKAGE, "X-Request-Id on every answer", _has_id),
    Promise(PACKAGE, "Server-Timing: where its time went", _has_timing),
)
