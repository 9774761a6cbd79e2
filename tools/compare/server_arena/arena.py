"""Measures the servers, round by round.

The clients, the stand-in upstream and the server under load have a process each, on as many cores as the
machine has; so the share of a core that each of them took is recorded with every load. Where they add up
to all cores, it is the machine that was measured, and where one of them is near 1, that one.
"""

from contextlib import ExitStack

from tools.compare.own_process import OwnProcess
from tools.compare.plan import Plan
from tools.compare.samples import Record, Sample, Say
from tools.compare.turns import rotated, typical_latency
from tools.compare.upstream_process import UpstreamProcess, upstream_process

from .bench import Bench
from .observed import samples
from .schedule import turns, warm_up
from .servers import serving


def measure(plan: Plan, record: Record, say: Say) -> None:
    """Measure each variant's start, its answers to every number of clients, and its memory.

    Raises:
        JobFailed: the clients failed.
        MeasurementError: what is needed could not be had, or a cache was on.
    """
    with ExitStack() as running:
        upstream = running.enter_context(upstream_process())
        clients = running.enter_context(OwnProcess())
        servers = {
            variant: running.enter_context(serving(variant, upstream.url))
            for variant in plan.variants
        }
        # Those just started have left bytecode for these.
        _measure_starts(plan, upstream, record, say)
        bench = Bench(upstream, clients, servers, typical_latency(plan))
        say("server: warming up")
        for turn in warm_up(plan):
            bench.observe(turn)
        _measure_loads(plan, bench, record, say)
        for variant in plan.variants:
            peak = bench.peak_bytes(variant)
            record(Sample("server", "memory", variant, "rss_bytes", peak, plan.rounds))


def _measure_starts(plan: Plan, upstream: UpstreamProcess, record: Record, say: Say) -> None:
    """Start each server once a round, beside those that are to be measured and are idle."""
    for round_ in range(1, plan.rounds + 1):
        say(f"server, round {round_} of {plan.rounds}: starts")
        for variant in rotated(plan.variants, round_):
            with serving(variant, upstream.url) as server:
                start_ms = server.start_ms
            record(Sample("server", "cold start", variant, "start_ms", start_ms, round_))


def _measure_loads(plan: Plan, bench: Bench, record: Record, say: Say) -> None:
    """Put every load on, each in its turn."""
    for round_ in range(1, plan.rounds + 1):
        for turn in turns(plan, bench.latency_ms, round_):
            what = f"{turn.variant}, {turn.asked}, {turn.clients} at once"
            say(f"server, round {round_} of {plan.rounds}: {what}")
            observed = bench.observe(turn)
            if observed.outcome.errors:
                say(f"errors: {dict(observed.outcome.errors)}")
            for sample in samples(plan, turn, observed, round_=round_, latency_ms=bench.latency_ms):
                record(sample)
