"""The servers measured for real, in one short round."""

from pathlib import Path

import pytest

from tests.unit.tools.compare.leftovers import Leftovers
from tools.compare.plan import VARIANTS, Plan
from tools.compare.samples import Sample
from tools.compare.server_arena import measure


def plan(*variants: str) -> Plan:
    return Plan(("server",), variants, (1,), (10,), (2,), 1, quick=True, output=Path())


def test_a_round_has_samples_of_every_variant_and_leaves_no_process() -> None:
    found: list[Sample] = []
    leftovers = Leftovers()
    measure(plan(*VARIANTS), found.append, lambda _: None)
    for variant in VARIANTS:
        metrics = {(one.measure, one.metric) for one in found if one.variant == variant}
        assert metrics >= {
            ("throughput", "requests_per_s"),
            ("throughput", "generator_cpu"),
            ("latency", "client_ms"),
            ("latency", "limit_ms"),
            ("no upstream", "requests_per_s"),
            ("no upstream", "client_ms"),
            ("memory", "rss_bytes"),
            ("cold start", "start_ms"),
        }
    assert sum(one.value for one in found if one.metric == "errors") == 0
    assert leftovers.commands() == []


def test_an_interruption_in_the_middle_leaves_no_process() -> None:
    leftovers = Leftovers()

    def interrupt(sample: Sample) -> None:
        if sample.metric == "client_ms":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        measure(plan("flask"), interrupt, lambda _: None)
    assert leftovers.commands() == []
