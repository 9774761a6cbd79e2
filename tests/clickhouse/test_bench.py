"""`make bench`: the table's shape and the check of figures, on few rows; not the times."""

import re
from pathlib import Path

import pytest

from tests.clickhouse.conftest import NEWEST
from tools.clickhouse import bench
from tools.clickhouse.load import load_many
from tools.clickhouse.rows import PACKAGES
from tools.clickhouse.server import clickhouse
from tools.runtime.machine import Machine

TIME = r"[\d.,]+ ms \[[\d.,]+…[\d.,]+\]"


def test_command_fills_a_page(
    machine: Machine,  # noqa: ARG001 - installs ClickHouse
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"a\n<!-- results:begin {bench.BLOCK} -->\n<!-- results:end -->\nb\n")
    arguments = ["--downloads", "200000", "--rounds", "2", "--into", str(page)]
    assert bench.main(arguments) == 0
    printed = capsys.readouterr().out
    header, _, *rows = printed.splitlines()[: len(bench.cases(NEWEST)) + 2]
    assert header == f"| {' | '.join(bench.HEADER)} |"
    for case, row in zip(bench.cases(NEWEST), rows, strict=True):
        assert re.fullmatch(
            rf"\| {re.escape(case.name)} \| {TIME} \| {TIME} \| {TIME} \| [\d.]+ kB \|", row
        ), row
    assert "\n200,000 downloads, " in printed
    assert "Medians of 2 rounds" in printed
    assert page.read_text().startswith(f"a\n<!-- results:begin {bench.BLOCK} -->\n\n{printed}")


def test_wrong_figures_end_it(machine: Machine) -> None:
    with clickhouse(machine, queries_per_hour=0) as server:
        load_many(server, 50_000, NEWEST, PACKAGES[:50])
        added = f"INSERT INTO pypi_downloads VALUES ('{PACKAGES[0]}', 1)"
        server.execute(added, database="pypi")
        with pytest.raises(bench.BenchError, match="the API has"):
            bench.measure(server, NEWEST, 1, lambda _: None)
