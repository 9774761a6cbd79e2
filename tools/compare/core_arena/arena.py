"""Measures the article's functions, round by round: no framework and no server takes part.

The calls are made in a process of their own, to a stand-in upstream in another one.
"""

from functools import partial

from tools.compare.own_process import OwnProcess
from tools.compare.plan import Plan
from tools.compare.problems import MeasurementError
from tools.compare.right_answers import PACKAGE, UPSTREAM_PATH, right_stats
from tools.compare.samples import Record, Sample, Say
from tools.compare.turns import typical_latency
from tools.compare.upstream_process import upstream_process

from .article import PackageStats
from .batches import Batch, run
from .schedule import Turn, turns, variants


class WrongResult(MeasurementError):
    """A call made something else of upstream's answer than it is."""


def measure(plan: Plan, record: Record, say: Say) -> None:
    """Measure batches of calls, each checked for its results.

    `limit_ms` is the slowest upstream call of the batch, as upstream measured it.

    Raises:
        JobFailed: a call failed.
        MeasurementError: what is needed could not be had.
        WrongResult: see there.
    """
    latency_ms = typical_latency(plan)
    with upstream_process() as upstream, OwnProcess() as process:
        stats = right_stats(upstream)
        right = PackageStats(
            package=PACKAGE,
            total_downloads=stats.total_downloads,
            latest_date=str(stats.latest_date),
        )
        url = upstream.url + UPSTREAM_PATH
        say("core: warming up")
        for variant in variants(plan):
            process.do(partial(run, Batch(variant, url, PACKAGE, max(plan.packages))))
        upstream.behave(latency_ms=latency_ms)
        for round_ in range(1, plan.rounds + 1):
            for turn in turns(plan, latency_ms, round_):
                say(f"core, round {round_} of {plan.rounds}: {turn.variant}, {turn.calls} calls")
                upstream.forget_calls()
                done = process.do(partial(run, Batch(turn.variant, url, PACKAGE, turn.calls)))
                durations_ms = upstream.calls().durations_ms
                if done.results != [right] * turn.calls or len(durations_ms) != turn.calls:
                    raise WrongResult(
                        f"{turn.variant}: of {turn.calls} calls, upstream saw {len(durations_ms)}, "
                        f"and {done.results.count(right)} came to the right result"
                    )
                for metric, value in (
                    ("client_ms", done.client_ms),
                    ("limit_ms", max(durations_ms)),
                ):
                    record(_sample(turn, metric, value, round_, latency_ms))


def _sample(turn: Turn, metric: str, value: float, round_: int, latency_ms: int) -> Sample:
    return Sample(
        "core",
        "fan-out",
        turn.variant,
        metric,
        value,
        round_,
        latency_ms=latency_ms,
        concurrency=turn.calls,
    )
