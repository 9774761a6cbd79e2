"""One promise of the API: where it is made, what it says, and how it is tried."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from tools.smoke.live import BrokenPromise, Live


@dataclass(frozen=True)
class Promise:
    """What one route promises."""

    route: str
    """As the contract names it."""
    words: str
    trial: Callable[[Live], None]
    """Raises `BrokenPromise`."""


@dataclass(frozen=True)
class Verdict:
    """Whether a promise was kept."""

    promise: Promise
    broken: str | None
    """What came in its place; None where it was kept."""
    waited_ms: float


def try_all(live: Live, promises: Iterable[Promise]) -> Iterator[Verdict]:
    """Try one promise after the other."""
    for promise in promises:
        live.waited_ms = 0
        broken = None
        try:
            promise.trial(live)
        except BrokenPromise as error:
            broken = str(error)
        except (KeyError, TypeError, IndexError, AttributeError) as error:
            broken = f"the answer has another shape than promised ({error!r})"
        yield Verdict(promise, broken, live.waited_ms)
