"""`make compare ARGS=--quick`, smaller still: what it leaves behind, and not how fast anything was."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.local.compare_run import leftovers, start
from tools.compare.results import Results, load

TIMEOUT_S = 600
SMALLER = (
    *("--quick", "--variants", "fastapi,flask", "--rounds", "1"),
    *("--packages", "1,5", "--latency", "50", "--concurrency", "1,5"),
)


@pytest.fixture(scope="module")
def folder(image: str, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: ARG001 - no Docker, no run
    """What a run of two variants left behind."""
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
    assert results.complete
    assert results.missing == {}
    assert results.plan.packages == (1, 5)


@pytest.mark.parametrize("arena", ["lambda", "server", "core"])
def test_every_arena_has_samples_of_both_variants(results: Results, arena: str) -> None:
    variants = {sample.variant for sample in results.samples if sample.arena == arena}
    assert {"fastapi", "flask"} <= variants


def test_every_value_is_one_that_can_be(results: Results) -> None:
    assert [sample for sample in results.samples if not 0 <= sample.value < 1e12] == []


@pytest.mark.parametrize(
    "name", ["lambda-warm", "lambda-fan-out", "lambda-cold-start", "core-fan-out"]
)
def test_no_answer_is_there_before_its_slowest_upstream_call(results: Results, name: str) -> None:
    table = next(table for table in results.summary.tables if table.name == name)
    place = table.header.index("÷ limit")
    assert all(row[place].values["median"] >= 1 for row in table.rows)


def test_the_report_and_its_plots_are_there(folder: Path) -> None:
    report = (folder / "report.md").read_text()

    for plot in ("fan-out", "load"):
        for theme in ("light", "dark"):
            assert f"{plot}-{theme}.svg" in report
            assert (folder / f"{plot}-{theme}.svg").stat().st_size > 0


def test_every_printed_ratio_follows_from_the_samples(folder: Path, results: Results) -> None:
    stored: dict[str, Any] = json.loads((folder / "results.json").read_text())
    assert stored["ratios"]
    assert stored["ratios"] == json.loads(json.dumps(results.summary.as_json()["ratios"]))


def test_nothing_is_left_behind(folder: Path) -> None:
    assert leftovers(folder) == []
