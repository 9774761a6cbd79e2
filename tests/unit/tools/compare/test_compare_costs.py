import re
from pathlib import Path

import pytest

from tools.compare.costs import PRICES, compute_per_million, cost_table
from tools.compare.measured import Measured
from tools.compare.samples import Sample
from tools.compare.summary import DEFAULT_MEMORY_MB

ROOT = Path(__file__).parents[4]


def test_compute_is_paid_by_memory_and_time() -> None:
    # A second of 1 GB a million times is a million GB-seconds.
    assert compute_per_million(1000, 1024, 0.0000166667) == pytest.approx(16.6667)
    assert compute_per_million(100, 512, 0.0000166667) == pytest.approx(0.833335)


def test_all_costs_are_those_of_compute_requests_and_gateway() -> None:
    table = cost_table(
        Measured([billed("fastapi", 100, 512), billed("flask", 1000, 512)]), DEFAULT_MEMORY_MB
    )

    assert table is not None
    row = {figures[3].text: dict(zip(table.header, figures, strict=True)) for figures in table.rows}
    assert row["fastapi"]["compute x86_64, USD"].values["value"] == pytest.approx(0.833335)
    assert row["fastapi"]["all x86_64, USD"].values["value"] == pytest.approx(2.033335)
    assert row["fastapi"]["compute arm64, USD"].values["value"] == pytest.approx(0.66667)
    assert row["flask"]["all x86_64, USD"].values["value"] == pytest.approx(9.53335)
    assert row["flask"]["all x86_64 ÷ fastapi"].text == "4.69"


def test_without_a_measured_memory_it_is_the_templates() -> None:
    table = cost_table(Measured([billed("fastapi", 100, None)]), 256)

    assert table is not None
    assert table.rows[0][0].text == "256"


def test_without_billed_durations_there_are_no_costs() -> None:
    assert cost_table(Measured([]), DEFAULT_MEMORY_MB) is None


def test_prices_say_where_and_when_they_were_known() -> None:
    table = cost_table(Measured([billed("fastapi", 100, 512)]), DEFAULT_MEMORY_MB)

    assert table is not None
    said = ["2026-11-22", "0.0000166667", "0.0000133334", "0.20 USD", "1.00 USD", PRICES.source]
    assert all(part in table.note for part in said)


def test_the_default_memory_is_the_templates() -> None:
    template = (ROOT / "template.yaml").read_text()
    found = re.search(r"MemorySize:\n\s+Type: Number\n\s+Default: (\d+)", template)
    assert found
    assert int(found[1]) == DEFAULT_MEMORY_MB


def billed(variant: str, value: float, memory_mb: int | None) -> Sample:
    measure = "fan-out" if memory_mb is None else "memory size"
    return Sample(
        *("lambda", measure, variant, "billed_ms", value, 1),
        packages=1,
        latency_ms=50,
        memory_mb=memory_mb,
    )
