"""`make test-dates`: tests and the processes that they start live on another date."""

from pathlib import Path

import pytest

from tools.dates import DATES, main

WRITES_DATES = """
import datetime, subprocess, sys, time

NOW = "import datetime; print(datetime.datetime.now(datetime.UTC).strftime('%Y-%m-%dT%H'))"

def test_today():
    own = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H")
    childs = subprocess.run([sys.executable, "-c", NOW], capture_output=True, text=True).stdout
    time.sleep(0.01)
    with open({path!r}, "a") as file:
        print(own, childs.strip(), time.strftime("%Y-%m-%dT%H", time.gmtime()), file=file)
"""


@pytest.fixture(autouse=True)
def no_plugins(monkeypatch: pytest.MonkeyPatch) -> None:
    """They take long to load, and there are several runs here."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")


def test_each_date_is_that_of_every_process(tmp_path: Path) -> None:
    written = tmp_path / "dates"
    tests = tmp_path / "test_today.py"
    tests.write_text(WRITES_DATES.format(path=str(written)))

    assert main(["-p", "no:cacheprovider", str(tests)]) == 0

    expected = [f"{date:%Y-%m-%dT%H}" for date in DATES.values()]
    assert [line.split() for line in written.read_text().splitlines()] == [
        [date] * 3 for date in expected
    ]


def test_a_test_that_depends_on_the_date_is_a_failure(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    tests = tmp_path / "test_today.py"
    tests.write_text("import datetime\ndef test_it(): assert datetime.date.today().day != 29\n")

    assert main(["-p", "no:cacheprovider", str(tests)]) == 1
    assert capfd.readouterr().err == "The tests fail on a leap day.\n"
