"""`make compare ARGS=--quick`, smaller still: what it leaves behind, and not how fast anything was."""

from pathlib import Path

import pytest

from tests.local.compare_run import leftovers, start
from tools.compare.results import Results, load

TIMEOUT_S = 600
LATENCY_MS = 50
SMALLER = (
    *("--quick", "--variants", "fastapi,flask", "--rounds", "1", "--transports", "httpx,aiohttp"),
    *("--packages", "1,5", "--latency", str(LATENCY_MS), "--clients", "1,5"),
)
VARIANTS = {"fastapi", "fastapi-aiohttp", "flask"}


@pytest.fixture(scope="module")
def folder(image: str, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: ARG001 - no Docker, no run
    output = tmp_path_factory.mktemp("compare")
    with start(output, *SMALLER) as run:
        try:
            _, words = run.communicate(timeout=TIMEOUT_S)
        finally:
            run.terminate()
    assert run.returncode == 0, words[-3000:]
    return output


@pytest.fixture(scope="module")
def results(folder: Path) -> Results:
    return load(folder)


def test_the_run_is_complete(results: Results) -> None:
    assert results.run["complete"]
    assert results.run["missing"] == {}


@pytest.mark.parametrize("target", ["lambda", "server", "core"])
def test_every_measure_has_every_variant(results: Results, target: str) -> None:
    samples = results.samples[results.samples["target"] == target]
    for _, rows in samples.groupby(["measure", "metric"]):
        assert set(rows["variant"]) == VARIANTS


def test_every_value_is_possible(results: Results) -> None:
    assert results.samples["value"].between(0, 1e12).all()


@pytest.mark.parametrize(
    ("target", "metric"),
    [("lambda", "duration_ms"), ("server", "p50_ms"), ("core", "client_ms")],
)
def test_no_answer_precedes_its_upstream_call(results: Results, target: str, metric: str) -> None:
    samples = results.samples[results.samples["target"] == target]
    cell = ["measure", "packages", "clients", "memory_mb", "variant", "round"]
    wide = samples.pivot_table(index=cell, columns="metric", values="value", dropna=False)
    limited = wide[wide["limit_ms"].notna()]
    assert len(limited)
    assert (limited["limit_ms"] >= LATENCY_MS).all()
    assert (limited[metric] >= limited["limit_ms"]).all()


def test_flask_waits_for_one_call_after_the_other(results: Results) -> None:
    samples = results.samples
    of_five = (samples["measure"] == "fan-out") & (samples["packages"] == 5)
    chosen = samples[of_five & (samples["metric"] == "duration_ms")]
    assert chosen[chosen["variant"] == "flask"]["value"].min() >= 5 * LATENCY_MS


def test_report_shows_its_plots(folder: Path) -> None:
    report = (folder / "report.md").read_text()

    for plot in ("fan-out", "load"):
        for theme in ("light", "dark"):
            assert f"{plot}-{theme}.svg" in report
            assert (folder / f"{plot}-{theme}.svg").stat().st_size > 0


def test_nothing_is_left_behind(folder: Path) -> None:
    assert leftovers(folder) == []
