"""Which of the promises a run has broken."""

from collections.abc import Iterator

from .answers import Kind
from .calls import EndpointCalls
from .client import Outcomes
from .plan import PER_MINUTE, PER_SECOND
from .run import Result


def broken_promises(result: Result) -> list[str]:
    """A sentence for each promise that was broken; none if all were kept."""
    return [
        *(
            sentence
            for calls in result.endpoints
            for sentence in _to_upstream(calls, result.plan.calls_due)
        ),
        *(
            f"client {number}: {sentence}"
            for number, outcomes in enumerate(result.clients, 1)
            for sentence in _to_client(outcomes, told_truly=result.plan.tells_truly)
        ),
        *_unused(result),
    ]


def _to_upstream(calls: EndpointCalls, calls_due: int) -> Iterator[str]:
    if calls.most_per_package > calls_due:
        yield f"{calls.endpoint}: a package was asked for {calls.most_per_package} times"
    if calls.most_per_second > PER_SECOND:
        yield f"{calls.endpoint}: {calls.most_per_second} calls in a second"
    if calls.most_per_minute > PER_MINUTE:
        yield f"{calls.endpoint}: {calls.most_per_minute} calls in a minute"
    if calls.refused:
        yield f"{calls.endpoint}: upstream answered 429 {calls.refused} times"


def _to_client(outcomes: Outcomes, *, told_truly: bool) -> Iterator[str]:
    """`told_truly` is false where a wait may be in vain; it is in the table of the report all the same."""
    if others := outcomes.packages[Kind.OTHER]:
        yield f"{others} packages with neither data nor a Retry-After, such as {outcomes.words[0]}"
    if outcomes.broken and told_truly:
        waits = ", ".join(f"{wait_s} s" for wait_s in outcomes.broken)
        yield f"{len(outcomes.broken)} times nothing was there after the Retry-After, of {waits}"


def _unused(result: Result) -> Iterator[str]:
    """Refusing everything would be polite too."""
    had = set[str]().union(*(outcomes.had for outcomes in result.clients))
    if len(had) < result.plan.packages_due:
        yield f"only {len(had)} packages were had, and the budget is for {result.plan.packages_due}"
