"""The physical limit: no variant can be faster than the slowest upstream call that it waits for."""

from .spread import ByRound, Ratio, paired_ratio

MS_PER_S = 1000
LIMIT = "limit_ms"
"""The metric that a limit is recorded as."""


def multiple_of_limit(times_ms: ByRound, limits_ms: ByRound) -> Ratio | None:
    """How many times the limit of the same round a time is."""
    return paired_ratio(times_ms, limits_ms)


def part_of_limit(per_s: ByRound, limits_ms: ByRound, clients: int) -> Ratio | None:
    """Which part of all requests that there can be a rate is.

    Where c clients wait for nothing but an upstream call of t seconds each, there are c / t requests
    a second.
    """
    return paired_ratio(
        per_s, {round_: clients * MS_PER_S / limit for round_, limit in limits_ms.items() if limit}
    )
