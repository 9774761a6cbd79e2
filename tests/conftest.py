"""Settings for all tests: groups that share a server, a printed seed, and a summary of what was left out."""

import random
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]  # it has no types to tell
from xdist.workermanage import WorkerController  # type: ignore[import-untyped]  # it has no types to tell

from tests.left_out import LEFT_OUT

# Fixtures that two suites share, so that artifacts are built only once.
pytest_plugins = ["tests.docker"]

SHARES = {
    "tests/browser": "browser",
    "tests/clickhouse": "clickhouse",
    "tests/deploy": "docker",
    "tests/dynamodb": "dynamodb",
    "tests/http/test_openapi_client.py": "generated client",
    "tests/http/test_smoke.py": "smoke",
    "tests/local": "docker",
    "tests/setup": "docker",
    "tests/unit/template": "template",
}
"""By folder or file: what its tests share and is slow to start. One worker of pytest-xdist runs all of a group."""

SEED = "hypothesis_seed"

settings.register_profile("pulse", deadline=None, print_blob=True)
settings.load_profile("pulse")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    if config.option.hypothesis_seed is None:
        # Workers get the seed that the controller prints.
        workerinput: dict[str, str] = getattr(config, "workerinput", {})
        config.option.hypothesis_seed = workerinput.get(SEED) or str(random.randrange(2**32))  # noqa: S311 - not a secret


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: WorkerController) -> None:
    node.workerinput[SEED] = node.config.option.hypothesis_seed


class SharesScheduling(LoadScopeScheduling):  # type: ignore[misc]  # the base has no types
    """Gives all tests that share something to one worker of pytest-xdist, and others to any.

    Not pytest-xdist's own groups: 3.8 writes them into node ids, which pytest 9.2 does not read back.
    """

    def _split_scope(self, nodeid: str) -> str:
        place = PurePosixPath(nodeid.partition("::")[0])
        groups = (SHARES.get(folder.as_posix()) for folder in (place, *place.parents))
        return next(filter(None, groups), nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> SharesScheduling:  # noqa: ANN401 - of pytest-xdist
    return SharesScheduling(config, log)


def pytest_report_header(config: pytest.Config) -> str:
    return f"randomised tests: --hypothesis-seed={config.option.hypothesis_seed}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reasons = sorted({reason for reason, _ in _left_out(terminalreporter)})
    if not reasons:
        return
    terminalreporter.section("left out")
    for reason in reasons:
        count = sum(1 for other, _ in _left_out(terminalreporter) if other == reason)
        terminalreporter.line(f"{count} tests: {reason}")


def _left_out(reporter: pytest.TerminalReporter) -> Iterator[tuple[str, str]]:
    """Yield the reason and the test id of each skip that left a suite out."""
    for report in reporter.stats.get("skipped", []):
        _, _, reason = report.longrepr
        reason = reason.removeprefix("Skipped: ")
        if reason.startswith(LEFT_OUT):
            yield reason.removeprefix(LEFT_OUT), report.nodeid
