"""The runtime's REPORT lines, read out of SAM's output while it is written."""

from pathlib import Path

import pytest

from tools.compare.lambda_arena import report
from tools.compare.lambda_arena.report import Report, ReportLog
from tools.compare.problems import MeasurementError

FIRST = (
    "REPORT RequestId: 0e10f2b3\tInit Duration: 0.06 ms\tDuration: 1577.96 ms\t"
    "Billed Duration: 1578 ms\tMemory Size: 512 MB\tMax Memory Used: 512 MB\t\n"
)
LATER = (
    "REPORT RequestId: 7098ff66\tDuration: 2.79 ms\t"
    "Billed Duration: 3 ms\tMemory Size: 512 MB\tMax Memory Used: 512 MB\t\n"
)
CHATTER = "START RequestId: 7098ff66 Version: $LATEST\nEND RequestId: 7098ff66\n"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "log"
    path.touch()
    return path


def add(log: Path, text: str) -> None:
    with log.open("a") as output:
        output.write(text)


def test_a_report_has_its_times_and_says_whether_the_container_was_fresh() -> None:
    assert Report.all_in((FIRST + CHATTER + LATER).encode()) == [
        Report(duration_ms=1577.96, billed_ms=1578, first_of_container=True),
        Report(duration_ms=2.79, billed_ms=3, first_of_container=False),
    ]


def test_half_a_line_is_no_report() -> None:
    assert Report.all_in(FIRST[:60].encode()) == []
    assert Report.all_in(FIRST[:-1].encode()) == []


def test_a_functions_own_words_are_no_report() -> None:
    assert Report.all_in(f'{{"message": "{LATER.strip()}"}}\n'.encode()) == []


def test_each_report_is_read_once(log: Path) -> None:
    reports = ReportLog(log)
    add(log, CHATTER + FIRST)
    first = reports.next()
    add(log, CHATTER + LATER)

    later = reports.next()
    assert first
    assert later
    assert [first.duration_ms, later.duration_ms] == [1577.96, 2.79]


def test_a_report_that_comes_too_late_is_not_taken_for_the_next(log: Path) -> None:
    reports = ReportLog(log)
    add(log, FIRST)
    reports.skip()
    add(log, LATER)

    assert reports.next() == Report(2.79, 3, first_of_container=False)


def test_a_report_that_does_not_come_is_none(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "PATIENCE_S", 0)
    add(log, "Function 'FastApiFunction' timed out after 15 seconds\n")

    assert ReportLog(log).next() is None


def test_two_reports_where_one_was_asked_for_are_an_error(log: Path) -> None:
    add(log, FIRST + LATER)

    with pytest.raises(MeasurementError, match="2 invocations"):
        ReportLog(log).next()
