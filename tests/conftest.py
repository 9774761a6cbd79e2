"""Settings for all tests: a printed seed, and a summary of the suites that were left out."""

import random
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.left_out import LEFT_OUT

# Fixtures that two suites share, so that artifacts are built only once.
pytest_plugins = ["tests.docker"]

settings.register_profile("pulse", deadline=None, print_blob=True)
settings.load_profile("pulse")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    if config.option.hypothesis_seed is None:
        config.option.hypothesis_seed = str(random.randrange(2**32))  # noqa: S311 - not a secret


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
