"""The command line, over targets that measure nothing."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.tools.compare.canned import write
from tests.unit.tools.compare.test_compare_benchmark import FakeTarget
from tools import ROOT, environ
from tools.compare import __main__ as command
from tools.compare.benchmark import MeasurementError
from tools.compare.results import load


@pytest.fixture
def _signals_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "end_in_order_when_told_to", lambda: None)


@pytest.mark.usefixtures("_signals_as_before")
def test_a_run_leaves_a_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["--quick", "--targets", "core", "--packages", "50,1", "--output", str(tmp_path)]
    assert command.main(asked, FakeTarget().find) == 0
    assert {file.name for file in tmp_path.iterdir()} == {"run.json", "samples.csv", "report.md"}
    assert load(tmp_path).run["plan"]["packages"] == [1, 50]
    assert "| situation |" in capsys.readouterr().out


@pytest.mark.usefixtures("_signals_as_before")
def test_ctrl_c_reports_what_was_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = FakeTarget(KeyboardInterrupt())
    page = tmp_path / "page.md"
    page.write_text("by hand")
    asked = ["--targets", "core", "--output", str(tmp_path), "--into", str(page)]
    assert command.main(asked, target.find) == 130
    assert "interrupted" in capsys.readouterr().err
    assert "**not complete**" in (tmp_path / "report.md").read_text()
    assert page.read_text() == "by hand"


@pytest.mark.usefixtures("_signals_as_before")
def test_a_target_that_fails_is_status_1(tmp_path: Path) -> None:
    target = FakeTarget(MeasurementError("no Docker here"))
    assert command.main(["--targets", "core", "--output", str(tmp_path)], target.find) == 1


def test_report_fills_a_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "page.md"
    page.write_text("<!-- results:begin summary -->\n<!-- results:end -->\n")
    folder = write(tmp_path / "run")
    assert command.main(["--report", str(folder), "--into", str(page)]) == 0
    assert "| situation |" in page.read_text()
    assert f"filled {page}" in capsys.readouterr().err


def test_report_of_nothing_is_status_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--report", str(tmp_path)]) == 1
    assert "does not hold a run" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--targets", "moon"], "'moon' is not one of lambda, server, core"),
        (["--transports", "carrier-pigeon"], "is not one of httpx, httpx2, aiohttp, pyreqwest"),
        (["--packages", "1,51"], "'51' is not a number from 1 to 50"),
        (["--latency", "fast"], "'fast' is not a number from 0 to 5000"),
        (["--rounds", "0"], "--rounds"),
        (["--quic"], "unrecognized arguments"),
    ],
)
def test_what_there_is_not_is_status_2(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as refused:
        command.main(arguments)
    assert refused.value.code == 2
    assert words in capsys.readouterr().err


def test_help_needs_no_target() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tools.compare", "--help"],
        cwd=ROOT,
        env=environ(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert "--transports" in done.stdout
