"""`python -m tools.backfill` and `python -m tools.export`, by their commands."""

import asyncio
import csv
import datetime as dt
import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from pulse.daily_counts import DAY, DailyCounts, Source
from pulse.history import Cell, Cells
from pulse.names import PackageName
from pulse.questions import ENDPOINTS, Breakdown, Question
from pulse_io.settings import Settings
from pulse_io.store.history import HistoryStore
from pulse_io.store.table import open_table
from tests.counts import NOON, counts_of, day
from tests.dynamodb.table_at import TableAt
from tools import environ, export
from tools.backfill.__main__ import main as backfill_main
from tools.dynamodb.table import create_history_table
from tools.export import COLUMNS

OVERALL = Question(PackageName.parse("requests"), Breakdown.OVERALL)
EVER = (dt.date.min, dt.date.max)
Rows = dict[Question, dict[Cell, int]]


@pytest.fixture
def table_url(dynamodb_local_url: str) -> str:
    """DynamoDB Local alone: commands take long to start."""
    return dynamodb_local_url


pytestmark = pytest.mark.usefixtures("history_table")


def opened() -> HistoryStore:
    settings = Settings.from_environ(os.environ)
    return HistoryStore(open_table(settings, settings.history_table or ""))


def kept(question: Question = OVERALL, source: Source = "pypistats.org") -> Cells:
    """What history has."""

    async def main() -> Cells:
        store = opened()
        try:
            return await store.read(question, source, *EVER)
        finally:
            await store.aclose()

    return asyncio.run(main())


def fetched(cells: Cells, at: dt.datetime = NOON, source: Source = "pypistats.org") -> DailyCounts:
    rows = {(category, day): count for (category, day), count in cells.items()}
    return counts_of(rows, fetched_at=at, source=source)


def fetch(cells: Cells, source: Source = "pypistats.org") -> None:
    """Merge a fetch with these counts."""

    async def main() -> None:
        store = opened()
        try:
            await store.merge(OVERALL, fetched(cells, source=source))
        finally:
            await store.aclose()

    asyncio.run(main())


def mirrors(ago: int) -> Cell:
    return Cell("with_mirrors", day(ago))


def write_csv(path: Path, rows: Rows) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for question, cells in rows.items():
            series = question.package, question.breakdown
            writer.writerows((*series, *cell, count) for cell, count in cells.items())
    return path


def items(table: TableAt) -> list[str]:
    """All items of the table, in order."""
    pages = table.client.get_paginator("scan").paginate(TableName=table.name)
    return sorted(repr(item) for page in pages for item in page["Items"])


def test_import_fills_gaps(
    history_table: TableAt, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fetch({mirrors(1): 10, mirrors(3): 30})
    before = items(history_table)
    file = write_csv(
        tmp_path / "days.csv",
        {OVERALL: {mirrors(1): 10, mirrors(2): 20, mirrors(3): 33, mirrors(5000): 1}},
    )
    options = ["--file", str(file)]
    assert backfill_main([*options, "--dry-run"]) == 0
    assert items(history_table) == before
    assert backfill_main(options) == 0
    assert kept() == {mirrors(1): 10, mirrors(2): 20, mirrors(3): 30, mirrors(5000): 1}
    after = items(history_table)
    assert backfill_main(options) == 0
    assert items(history_table) == after
    assert backfill_main([*options, "--overwrite"]) == 0
    assert kept()[mirrors(3)] == 33
    assert capsys.readouterr().out.splitlines() == [
        f"{file}: 2 new, 1 the same, 1 different, kept as they are. A dry run: nothing was written.",
        f"{file}: 2 new, 1 the same, 1 different, kept as they are.",
        f"{file}: 0 new, 3 the same, 1 different, kept as they are.",
        f"{file}: 0 new, 3 the same, 1 different, overwritten.",
    ]


def test_malformed_file_writes_nothing(
    history_table: TableAt, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write_csv(tmp_path / "days.csv", {OVERALL: {mirrors(1): 10, mirrors(2): -1}})
    assert backfill_main(["--file", str(file)]) == 1
    assert items(history_table) == []
    assert capsys.readouterr().err == (
        f"{file} is malformed, so nothing was written:\n"
        "  line 3: downloads must be a whole number from 0 to 9223372036854775807; it is '-1'\n"
    )


def test_answers_of_pypistats(tmp_path: Path) -> None:
    file = tmp_path / "days.json"
    row = {"category": "with_mirrors", "date": str(day(300)), "downloads": 7}
    file.write_text(json.dumps({"data": [row], "package": "requests", "type": "overall_downloads"}))
    assert backfill_main(["--file", str(file), "--package", "Requests"]) == 0
    assert kept() == {mirrors(300): 7}


def test_sources_are_apart(tmp_path: Path) -> None:
    fetch({mirrors(1): 10}, "simulated")
    out = tmp_path / "days.csv"
    assert export.main(["--out", str(out)]) == 0
    assert len(out.read_text().splitlines()) == 1
    assert export.main(["--out", str(out), "--source", "simulated"]) == 0
    assert backfill_main(["--file", str(out)]) == 0
    assert kept() == {mirrors(1): 10}


def test_exported_category_is_no_formula(tmp_path: Path) -> None:
    fetch({Cell("=1+1", day(1)): 10, mirrors(1): 20})
    out = tmp_path / "days.csv"
    assert export.main(["--out", str(out)]) == 0
    assert [line.split(",")[2] for line in out.read_text().splitlines()] == [
        "category",
        "'=1+1",
        "with_mirrors",
    ]


@pytest.mark.parametrize("name", ["days.csv", "days.parquet"])
def test_round_trip(
    history_table: TableAt, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """All packages and breakdowns, several pages, and items of the table that are not history."""
    monkeypatch.setattr("pulse_io.store.table.MAX_PAGE_ITEMS", 7)
    rows = invented(["requests", "flask", "__all__"], 500)
    assert backfill_main(["--file", str(write_csv(tmp_path / "first.csv", rows))]) == 0
    for series in ("tracked", "collected"):
        item = {"series": {"S": series}, "month": {"S": "requests"}}
        history_table.client.put_item(TableName=history_table.name, Item=item)
    out = tmp_path / name
    assert export.main(["--out", str(out)]) == 0
    monkeypatch.setenv("HISTORY_TABLE", create_history_table(history_table.url))
    assert backfill_main(["--file", str(out)]) == 0
    assert {question: kept(question) for question in rows} == rows
    one = tmp_path / f"one-{name}"
    assert export.main(["--out", str(one), "--package", "Flask", "--package", "no-such"]) == 0
    monkeypatch.setenv("HISTORY_TABLE", create_history_table(history_table.url))
    assert backfill_main(["--file", str(one)]) == 0
    assert {question: kept(question) for question in rows} == {
        question: cells if question.package == "flask" else {} for question, cells in rows.items()
    }
    assert list(tmp_path.glob(".export*")) == []


def invented(packages: Iterable[str], days: int) -> Rows:
    categories = {
        Breakdown.OVERALL: ("with_mirrors", "without_mirrors"),
        Breakdown.PYTHON_MAJOR: ("2", "3", "null"),
        Breakdown.PYTHON_MINOR: ("2.7", "3.9", "3.10", "null"),
        Breakdown.SYSTEM: ("Darwin", "Linux", "Windows", "null", "other"),
    }
    chance = random.Random(0)  # noqa: S311 - not a secret
    return {
        Question(PackageName.parse(name), breakdown): {
            Cell(category, day(ago)): chance.choice((0, ago, 2**63 - 1))
            for category in categories[breakdown]
            for ago in chance.sample(range(days), days // 2)
        }
        for name in packages
        for breakdown in ENDPOINTS
    }


def test_killed_import_goes_on(history_table: TableAt, tmp_path: Path) -> None:
    # A transaction for each year: more than can be written before the process is killed.
    cells = {mirrors(year * 365): year for year in range(20)}
    packages = [PackageName.parse(f"package-{number}") for number in range(20)]
    rows = {Question(package, Breakdown.OVERALL): cells for package in packages}
    command = [sys.executable, "-m", "tools.backfill", "--file"]
    file = write_csv(tmp_path / "days.csv", rows)
    with subprocess.Popen([*command, str(file)], env=environ()) as process:
        while not items(history_table):
            assert process.poll() is None
        process.kill()
    assert process.returncode == -signal.SIGKILL
    assert any(kept(question) != cells for question in rows)
    assert backfill_main(["--file", str(file)]) == 0
    assert all(kept(question) == cells for question in rows)


def test_fetches_meanwhile_win() -> None:
    """Imports and fetches race for the same days."""
    parts = [{mirrors(ago): 1 for ago in range(first, first + 150)} for first in (0, 150)]
    cells = {mirrors(ago): 2 for ago in range(0, 100, 2)}

    async def main() -> None:
        stores = [opened() for _ in range(3)]
        await asyncio.gather(
            *(stores[0].fill(OVERALL, "pypistats.org", part) for part in parts),
            stores[1].merge(OVERALL, fetched(cells)),
            stores[2].merge(OVERALL, fetched(cells, NOON - DAY)),
        )
        for store in stores:
            await store.aclose()

    asyncio.run(main())
    assert kept() == {**parts[0], **parts[1], **cells}


@pytest.mark.parametrize(
    ("settings", "arguments", "status", "words"),
    [
        ({}, [], 2, "--file"),
        ({}, ["--file", "days.csv", "--package", "a b"], 2, "--package"),
        ({}, ["--file", "no-such.csv"], 1, "no-such.csv: No such file or directory"),
        ({}, ["--file", "."], 1, ".: Is a directory"),
        ({}, ["--file", "no-such.parquet"], 1, "no-such.parquet can't be read: "),
        ({"HISTORY_TABLE": ""}, ["--file", "days.csv"], 1, "HISTORY_TABLE is not set"),
        ({"HISTORY_TABLE": "no-such"}, ["--file", "days.csv"], 1, "the table is unavailable"),
    ],
)
def test_failures(
    settings: dict[str, str],
    arguments: Sequence[str],
    status: int,
    words: str,
    *,
    tmp_path: Path,
) -> None:
    write_csv(tmp_path / "days.csv", {OVERALL: {mirrors(1): 10}})
    done = subprocess.run(
        [sys.executable, "-m", "tools.backfill", *arguments],
        env=environ(**settings),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (status, "")
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_failed_export_leaves_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "days.csv"
    out.write_text("of yesterday")
    monkeypatch.setenv("HISTORY_TABLE", "no-such-table")
    assert export.main(["--out", str(out)]) == 1
    assert (
        "History unavailable: the table is unavailable. Nothing was written."
        in capsys.readouterr().err
    )
    assert [path.name for path in tmp_path.iterdir()] == ["days.csv"]
    assert out.read_text() == "of yesterday"
    assert export.main(["--out", str(tmp_path / "no-such" / "days.csv")]) == 1
