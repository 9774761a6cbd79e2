"""Ctrl-C in the middle of the Lambda arena, where most is under way: SAM, containers and a network."""

import os
import signal

import psutil
import pytest

from tests.local.compare_run import docker, leftovers, start
from tools.compare.results import load

SMALLEST = (
    *("--quick", "--arenas", "lambda", "--variants", "flask", "--rounds", "1"),
    *("--packages", "1", "--latency", "0"),
)
TIMEOUT_S = 60


@pytest.mark.usefixtures("image")
def test_ctrl_c_leaves_nothing_behind_but_what_was_measured(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    output = tmp_path_factory.mktemp(
        "ctrl-c"
    )  # a short name: sockets in it have 107 characters at most
    with start(output, *SMALLEST) as run:
        assert run.stderr is not None
        said = ""
        for line in run.stderr:
            said += line
            if "cold starts" in line:
                break
        network = network_of(run.pid)
        os.killpg(run.pid, signal.SIGINT)  # as a terminal does
        printed, last_words = run.communicate(timeout=TIMEOUT_S)

    assert network, said
    assert run.returncode == 130
    assert "interrupted" in last_words
    assert "Traceback" not in last_words + printed
    assert not load(output).complete
    assert {sample.measure for sample in load(output).samples} >= {"artifact"}
    assert leftovers(output) == []
    assert in_session(run.pid) == []
    assert network not in docker("network", "ls", "--format", "{{.Name}}")
    assert [
        name for name in docker("ps", "--all", "--format", "{{.Names}}") if network in name
    ] == []


def network_of(pid: int) -> str:
    """The network that a run's SAM was told to use."""
    for process in psutil.Process(pid).children(recursive=True):
        words = process.cmdline()
        if "--docker-network" in words:
            return words[words.index("--docker-network") + 1]
    return ""


def in_session(session: int) -> list[str]:
    """The command lines of a session's processes, in whichever of its groups."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        try:
            if os.getsid(process.pid) == session:
                found.append(" ".join(process.info["cmdline"] or []))
        except ProcessLookupError:
            continue  # ended meanwhile
    return found
