"""Every number of the report is in results.json."""

import json
import re
from typing import Any

import pytest

from tests.unit.tools.compare.canned import all_samples, run, whole_run
from tools.compare.figures import number
from tools.compare.markdown import blocks, report
from tools.compare.results import Results
from tools.compare.terminal import show

NUMBER = re.compile(r"\d+(?:\.\d+)*")


@pytest.fixture(scope="module")
def results() -> Results:
    return whole_run()


@pytest.fixture(scope="module")
def stored(results: Results) -> dict[str, Any]:
    whole: dict[str, Any] = json.loads(results.as_json())
    return whole


def test_every_cell_of_every_table_is_in_results(results: Results, stored: dict[str, Any]) -> None:
    printed = {
        name: table_of(text) for name, text in blocks(results, "").items() if is_table(name, stored)
    }
    expected = {
        table["name"]: [
            table["header"],
            *([figure["text"] for figure in row] for row in table["rows"]),
        ]
        for table in stored["tables"]
    }
    assert printed == expected


def test_every_number_of_a_cell_is_one_of_its_exact_values(stored: dict[str, Any]) -> None:
    figures = [figure for table in stored["tables"] for row in table["rows"] for figure in row]
    figures += [
        figure
        for verdict in stored["verdicts"]
        for line in verdict["lines"]
        for figure in line["figures"]
    ]

    wrong = [figure for figure in figures if not made_of_its_values(figure)]

    assert wrong == []
    assert len(figures) > 1000


def test_every_other_number_of_the_report_is_in_results(
    results: Results, stored: dict[str, Any]
) -> None:
    text = without_tables(report(results))
    del stored["samples"]
    known = set(NUMBER.findall(json.dumps(stored, ensure_ascii=False)))
    known |= {number(float(value)) for value in known if value.count(".") < 2}

    assert sorted(set(NUMBER.findall(text)) - known) == []


def test_every_number_of_the_terminal_is_in_the_report(
    results: Results, capsys: pytest.CaptureFixture[str]
) -> None:
    show(results)
    printed = set(NUMBER.findall(capsys.readouterr().out))
    assert sorted(printed - set(NUMBER.findall(report(results)))) == []


def test_a_report_of_nothing_says_that_it_is_not_complete() -> None:
    text = report(run([], complete=False, missing={"lambda": "No Docker\nengine answers."}))

    assert "Not completed" in text
    assert "| Not measured: lambda | No Docker engine answers. |" in text


def test_a_report_of_one_variant_compares_nothing() -> None:
    results = run([sample for sample in all_samples() if sample.variant == "flask"])
    assert results.summary.verdicts == ()
    assert "## Tables" in report(results)


def test_the_report_is_the_same_each_time(results: Results) -> None:
    again = run()
    assert (again.as_json(), report(again)) == (results.as_json(), report(results))


def is_table(name: str, stored: dict[str, Any]) -> bool:
    return any(table["name"] == name for table in stored["tables"])


def table_of(block: str) -> list[list[str]]:
    lines = [line for line in block.splitlines() if line.startswith("| ")]
    rows = [line.removeprefix("| ").removesuffix(" |").split(" | ") for line in lines]
    return [row for row in rows if not set("".join(row)) <= set("-: ")]


def without_tables(text: str) -> str:
    """The text without tables of samples; the one about the run stays."""
    head, tables = text.split("## Tables")
    return head + "".join(line for line in tables.splitlines() if not line.startswith("|"))


def made_of_its_values(figure: dict[str, Any]) -> bool:
    values = figure["values"].values()
    made = {number(value) for value in values} | {f"{value:g}" for value in values}
    return set(NUMBER.findall(figure["text"])) <= made or not values
