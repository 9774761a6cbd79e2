"""That the Flask twin below `/flask` answers with the same bodies."""

import re
from collections.abc import Callable
from typing import Final

from tools.smoke.live import Live, body_of, keep
from tools.smoke.promises import Promise

PREFIX: Final = "/flask"
# These are of one answer: when it was fetched, which request it was, and what was asked.
_OF_ONE_ANSWER: Final = re.compile(
    r'"(fetched_at|request_id|instance)":"[^"]*"|"stale":(?:true|false)|"status":"(?:ok|stale)"'
)


def _health(live: Live) -> None:
    answer = live.ask(f"{PREFIX}/health")
    keep(
        that=answer.is_success,
        broken=f"it is answered {answer.status_code} (where no twin is deployed, say --no-flask)",
    )
    variant = body_of(answer)["variant"]
    keep(that=variant == "flask", broken=f"it is {variant!r} that answers, and not 'flask'")


def _same_body(path: str) -> Callable[[Live], None]:
    def trial(live: Live) -> None:
        asked = path.format(package=live.package, other=live.other)
        ours, twins = (live.ask(f"{prefix}{asked}") for prefix in ("", PREFIX))
        keep(
            that=ours.status_code == twins.status_code,
            broken=f"FastAPI answers {ours.status_code}, the twin {twins.status_code}",
        )
        bodies = [_OF_ONE_ANSWER.sub(r"\1", answer.text) for answer in (ours, twins)]
        keep(that=bodies[0] == bodies[1], broken=f"{asked}: {_difference(*bodies)}")

    return trial


def _difference(ours: str, twins: str) -> str:
    at = next(
        (place for place, pair in enumerate(zip(ours, twins, strict=False)) if pair[0] != pair[1]),
        min(len(ours), len(twins)),
    )
    span = slice(max(0, at - 20), at + 40)
    return f"FastAPI has {ours[span]!r}, the twin {twins[span]!r}"


def _promise(route: str, words: str, path: str) -> Promise:
    return Promise(f"{PREFIX}{route}", words, _same_body(path))


PROMISES: Final = (
    Promise(f"{PREFIX}/health", "answers for Flask", _health),
    _promise("/packages/{package}", "FastAPI's body", "/packages/{package}"),
    _promise(
        "/packages/{package}/downloads",
        "FastAPI's body, as CSV too",
        "/packages/{package}/downloads?period=week&format=csv",
    ),
    _promise("/compare", "FastAPI's body", "/compare?packages={package},{other}"),
    _promise("/packages/{package}", "FastAPI's 422", "/packages/-x-?mirrors=maybe"),
)
