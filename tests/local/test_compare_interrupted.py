"""Ctrl-C in the middle of the Lambda target, where containers and an upstream are running."""

import os
import signal

import psutil
import pytest

from tests.local.compare_run import leftovers, start
from tools.compare.results import load

SMALLEST = (
    *("--quick", "--targets", "lambda", "--variants", "flask", "--rounds", "1"),
    *("--packages", "1", "--latency", "0"),
)
TIMEOUT_S = 60


@pytest.mark.usefixtures("image")
def test_ctrl_c_leaves_only_what_was_measured(tmp_path_factory: pytest.TempPathFactory) -> None:
    output = tmp_path_factory.mktemp("ctrl-c")
    with start(output, *SMALLEST) as run:
        assert run.stderr is not None
        said = ""
        for line in run.stderr:
            said += line
            if "cold start" in line:
                break
        os.killpg(run.pid, signal.SIGINT)  # as a terminal does
        printed, last_words = run.communicate(timeout=TIMEOUT_S)

    assert run.returncode == 130, said + last_words
    assert "interrupted" in last_words
    assert "Traceback" not in last_words + printed
    results = load(output)
    assert not results.run["complete"]
    assert "artifact" in set(results.samples["measure"])
    assert "artifact, zipped" in printed
    assert leftovers(output) == []
    assert in_session(run.pid) == []


def in_session(session: int) -> list[str]:
    """The command lines of a session's processes."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        try:
            if os.getsid(process.pid) == session:
                found.append(" ".join(process.info["cmdline"] or []))
        except ProcessLookupError:
            continue  # ended meanwhile
    return found
