"""The measurement of the Lambda arena, on warm containers and fresh ones."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tools.compare.comparisons import WITH_TABLE
from tools.compare.lambda_arena.asking import Asking
from tools.compare.lambda_arena.bench import Bench
from tools.compare.lambda_arena.functions import COMPARABLE, write_upstream
from tools.compare.lambda_arena.upstream import Upstream
from tools.compare.lambda_arena.warm import warm_up
from tools.compare.plan import Plan
from tools.runtime.machine import Machine
from tools.runtime.upstream import FakePypistats

VARIANTS = ("fastapi", "flask", "flask-threads")
LATENCY_MS = 20
PLAN = Plan(("lambda",), VARIANTS, (3,), (LATENCY_MS,), (1,), 1, quick=True, output=Path())


@pytest.fixture(scope="module")
def built(artifacts: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Artifacts that no other test's containers mount: by those the measurement knows its own."""
    return Path(shutil.copytree(artifacts, tmp_path_factory.mktemp("compared") / "build"))


@pytest.fixture(scope="module")
def bench(
    machine: Machine,
    built: Path,
    upstream: FakePypistats,
    network: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Bench]:
    variables = write_upstream(tmp_path_factory.mktemp("variables"), upstream.url)
    with httpx.Client(base_url=upstream.local_url, trust_env=False) as client:
        told = Upstream(client)
        told.behave(latency_ms=LATENCY_MS)
        yield Bench(machine, built, network, told, variables)
        told.behave(latency_ms=0)


@pytest.fixture(scope="module")
def warm(bench: Bench) -> Iterator[Asking]:
    with bench.emulator(VARIANTS, COMPARABLE, warm=True) as emulator:
        warm_up(PLAN, emulator)
        yield Asking(emulator, bench.upstream, fresh=False)


def test_every_variant_has_a_warm_container_of_its_own(bench: Bench, warm: Asking) -> None:
    assert warm.health("flask")["duration_ms"] > 0

    containers = bench.containers(VARIANTS)
    memory = [containers.memory(variant) for variant in VARIANTS]
    assert all(0 < one.anon_bytes <= one.peak_bytes for one in memory)


@pytest.mark.parametrize("variant", VARIANTS)
def test_no_answer_is_faster_than_the_slowest_upstream_call(warm: Asking, variant: str) -> None:
    for metrics in (warm.package(variant), warm.comparison(3, variant)):
        assert LATENCY_MS <= metrics["limit_ms"] <= metrics["duration_ms"] <= metrics["client_ms"]
        assert metrics["billed_ms"] >= metrics["duration_ms"]


def test_one_after_the_other_takes_the_sum_of_all_calls(warm: Asking) -> None:
    assert warm.comparison(3, "flask")["duration_ms"] >= 3 * LATENCY_MS


def test_without_warm_containers_each_invocation_meets_a_fresh_one(bench: Bench) -> None:
    with bench.emulator(("flask",), COMPARABLE, warm=False) as emulator:
        asking = Asking(emulator, bench.upstream, fresh=True)
        first, second = asking.package("flask"), asking.package("flask")

    assert min(first["duration_ms"], second["duration_ms"]) > LATENCY_MS


def test_fastapi_starts_with_its_tables_client_where_no_table_answers(bench: Bench) -> None:
    with bench.emulator((WITH_TABLE,), COMPARABLE, warm=False) as emulator:
        asking = Asking(emulator, bench.upstream, fresh=True)
        assert asking.health(WITH_TABLE)["duration_ms"] > 0
