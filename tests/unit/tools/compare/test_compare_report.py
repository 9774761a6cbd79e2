"""The report of a run with made-up values."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.tools.compare.canned import PLAN, circumstances, only, write, written
from tools import prices
from tools.compare.cases import CASES, OTHER_CASES, Case
from tools.compare.formatting import number, ratio
from tools.compare.plan import FULL
from tools.compare.report import blocks, everything, summary
from tools.compare.results import NoResults, Results, load, save_run
from tools.compare.significance import Ratio

ROOT = Path(__file__).parents[4]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return written(tmp_path_factory.mktemp("run"))


def rows(table: str) -> dict[str, list[str]]:
    """The cells of each row by the first of them."""
    lines = [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("|")]
    return {line[0]: line[1:] for line in lines}


def test_the_first_table_has_fifteen_rows_at_most(results: Results) -> None:
    assert len(CASES) <= 15
    assert len(rows(summary(results))) == len(CASES) + 2  # header and line


def test_every_case_is_of_the_full_plan() -> None:
    for case in CASES:
        assert case.packages is None or case.packages in FULL.packages
        assert case.latency_ms is None or case.latency_ms == FULL.latency_ms
        assert case.clients is None or case.clients in FULL.clients
        assert case.memory_mb is None or case.memory_mb in FULL.memory_mb


def test_every_title_is_there_once() -> None:
    titles = [case.title for case in (*CASES, *OTHER_CASES)]
    assert len(set(titles)) == len(titles)


def test_a_row_has_values_limit_winner_and_ratios(results: Results) -> None:
    assert rows(summary(results))["Lambda, warm: 10 packages"] == [
        *("100 ms", "201 ms", "99.5 ms", "200 ms"),
        "**FastAPI** and **Flask with threads**",
        *("2.00", "0.990"),
    ]


def test_a_result_against_fastapi_is_a_row_like_others(results: Results) -> None:
    row = rows(summary(results))["Server: 1 package, 50 clients"]
    assert row[3:5] == ["250 requests/s", "**Flask**"]


def test_no_difference_is_a_result(tmp_path: Path) -> None:
    same = written(tmp_path, value=lambda *_: 7.0)
    assert rows(summary(same))["Lambda, warm: 1 package"][4] == "no difference"


def test_one_round_proves_nothing(tmp_path: Path) -> None:
    trial = written(tmp_path, only(rounds=1))
    found = rows(summary(trial))
    assert found["Lambda, warm: 10 packages"][4] == "unclear"
    assert found["Lambda: artifact, zipped"][4] == "**FastAPI** and **Flask with threads**"
    assert "this is a trial" in summary(trial)


def test_bytes_are_printed_in_megabytes(tmp_path: Path) -> None:
    found = written(tmp_path, value=lambda *_: 12_345_678.0)
    assert rows(summary(found))["Lambda: artifact, zipped"][0] == "12.3 MB"


def test_costs_come_from_billed_milliseconds(tmp_path: Path) -> None:
    found = written(tmp_path, value=lambda *_: 99.2)
    billed = prices.compute_per_million(100, 512) + prices.ALL_MILLION_REQUESTS
    [title] = [case.title for case in CASES if case.unit == "USD"]
    assert rows(summary(found))[title][0] == f"{number(billed)} USD"


def test_cases_that_were_not_measured_are_listed(tmp_path: Path) -> None:
    text = summary(written(tmp_path, replace(PLAN, targets=("core",))))
    assert len(rows(text)) == 3
    assert "Not measured in this run: Lambda, warm: no upstream call;" in text


def test_a_transport_is_a_variant_like_others(tmp_path: Path) -> None:
    text = summary(written(tmp_path, only(("fastapi", "fastapi-aiohttp"))))
    assert "| FastAPI | FastAPI (aiohttp) |" in text
    assert "| FastAPI (aiohttp) ÷ FastAPI |" in text


def test_without_fastapi_there_is_nothing_to_divide_by(tmp_path: Path) -> None:
    text = summary(written(tmp_path, only(("flask", "flask-threads"))))
    assert "÷" not in text
    assert rows(text)["Lambda, warm: 1 package"][-1] == "**Flask with threads**"


def test_everything_has_every_cell(results: Results) -> None:
    text = everything(results)
    for case in (*CASES, *OTHER_CASES):
        metric = case.metric.replace("_bytes", "_mb")
        assert f"| {case.target}, {case.measure} | {metric} |" in text
    assert "| lambda, memory size | duration_ms | 10 | 200 | - | 128 | 100 | 201 |" in text


def test_circumstances_say_what_was_not_measured(tmp_path: Path) -> None:
    found = written(tmp_path, complete=False, missing={"lambda": "No Docker here."})
    text = blocks(found, {})["run"]
    assert "**not complete**" in text
    assert "| Not measured: lambda | No Docker here. |" in text
    assert "2026-11-22" in text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.0553, "0.0553"),
        (0.9999, "1.00"),
        (9.674, "9.67"),
        (231.6, "232"),
        (999.7, "1000"),
        (12345.6, "12,346"),
    ],
)
def test_numbers_have_three_digits(value: float, text: str) -> None:
    assert number(value) == text


def test_a_ratio_shows_its_interval() -> None:
    assert ratio(Ratio(9.674, 8.41, 9.69, 5)) == "9.67 [8.41…9.69]"
    assert ratio(Ratio(2, 2, 2, 5)) == "2.00"


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NoResults, match="does not hold a run"):
        load(tmp_path)


def test_samples_of_another_version_are_refused(tmp_path: Path) -> None:
    save_run(tmp_path, circumstances(PLAN))
    (tmp_path / "samples.csv").write_text("a,b\n1,2\n")
    with pytest.raises(NoResults, match="other columns"):
        load(tmp_path)


def test_a_run_that_measured_nothing_has_a_report(tmp_path: Path) -> None:
    empty = load(write(tmp_path, replace(PLAN, targets=())))
    assert "Not measured in this run" in summary(empty)


def test_the_cost_row_has_the_templates_memory_size() -> None:
    template = (ROOT / "template.yaml").read_text()
    found = re.search(r"MemorySize:\n\s+Type: Number\n\s+Default: (\d+)", template)
    [case] = [case for case in CASES if case.unit == "USD"]
    assert found
    assert case.memory_mb == int(found[1])
    assert isinstance(case, Case)
