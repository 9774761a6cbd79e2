"""What functions print in the Lambda image: why a request was slow, and what CloudWatch counts of it."""

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from tests.local.answers import FAILING_PACKAGE, Served
from tests.metric_filters import counts
from tools.runtime.upstream import FakePypistats

VARIANTS = {"fastapi": "", "flask": "/flask"}
LOG_GROUPS = {"fastapi": "FastApiLogGroup", "flask": "FlaskLogGroup"}
LATENCY_MS = 300
PRINTED_WITHIN_S = 10
PAGE = Path(__file__).parents[2] / "docs/operations.md"
PLACE = re.compile(r"(?<=<!-- log lines -->\n).*?(?=<!-- end of log lines -->)", re.DOTALL)
DOCUMENTED_MS = 1500
"""How long upstream took for each package in the documented request."""

# The runtime's JSON, and the emulator's own three.
LINE = re.compile(r"\{.*\}|(?:START|END|REPORT) RequestId: .*")

each_variant = pytest.mark.parametrize("variant", VARIANTS)


@dataclass(frozen=True)
class Printed:
    """The log lines of one invocation."""

    lines: list[str]

    @property
    def ours(self) -> list[dict[str, Any]]:
        """What the function logged; the others are the runtime's."""
        return [json.loads(line) for line in self.lines if line.startswith("{")]

    @property
    def request(self) -> dict[str, Any]:
        """The one line that each request leaves."""
        (line,) = (line for line in self.ours if line["message"] == "request")
        return line

    @property
    def of_the_runtime(self) -> dict[str, str]:
        """The runtime's lines, by their first word."""
        return {line.split()[0]: line for line in self.lines if not line.startswith("{")}


@dataclass(frozen=True)
class Seen:
    """Each variant's first invocation, a slow warm one, and one that upstream failed."""

    cold: dict[str, Printed]
    slow: dict[str, Printed]
    failed: dict[str, Printed]


@pytest.fixture(scope="module")
def seen(api: Served, upstream: FakePypistats) -> Seen:
    # Each environment's first invocation is a cold start; the fixture has asked for /health.
    cold = [one for one in invocations(api.log) if one.request["cold_start"]]
    with answering_after(upstream, LATENCY_MS):
        slow = {name: ask(api, f"{at}/packages/pydantic") for name, at in VARIANTS.items()}
    failed = {name: ask(api, f"{at}/packages/{FAILING_PACKAGE}") for name, at in VARIANTS.items()}
    return Seen(dict(zip(VARIANTS, cold, strict=True)), slow, failed)


@contextmanager
def answering_after(upstream: FakePypistats, latency_ms: int) -> Iterator[None]:
    settings = f"{upstream.local_url}/_fake/settings"
    rules = httpx.get(settings, trust_env=False).json()["rules"]
    slowly = {"rule": [*rules, f"delay={latency_ms}"]}
    httpx.put(settings, params=slowly, trust_env=False).raise_for_status()
    try:
        yield
    finally:
        httpx.put(settings, params={"rule": rules}, trust_env=False).raise_for_status()


def ask(api: Served, path: str) -> Printed:
    """What one request has had printed."""
    api.client.get(path)
    return invocations(api.log)[-1]


def log_lines(printed: str) -> list[str]:
    """The lines that would be in the log group, of all that SAM prints."""
    lines = (line.rstrip() for line in printed.splitlines())
    return [line for line in lines if LINE.fullmatch(line)]


def invocations(log: Path) -> list[Printed]:
    """All invocations so far, once the last line of each is there."""
    deadline = time.monotonic() + PRINTED_WITHIN_S
    while time.monotonic() < deadline:
        printed = log.read_text()
        if printed.count("\nInvoking ") == printed.count("\nREPORT RequestId: "):
            return by_request_id(log_lines(printed))
        time.sleep(0.02)  # SAM copies a container's lines while it answers
    pytest.fail(f"an invocation without REPORT for {PRINTED_WITHIN_S} s:\n{printed[-3000:]}")


def by_request_id(lines: list[str]) -> list[Printed]:
    """The lines of each invocation, which JSON and the runtime's own text name each in its way."""
    found: dict[str, list[str]] = {}
    for line in lines:
        (request_id,) = re.findall(r'(?:"requestId": "|RequestId: )([\w-]+)', line)
        found.setdefault(request_id, []).append(line)
    return [Printed(lines) for lines in found.values()]


def duration_ms(printed: Printed) -> float:
    """What Lambda bills."""
    (duration,) = re.findall(r"\tDuration: ([\d.]+) ms", printed.of_the_runtime["REPORT"])
    return float(duration)


@pytest.fixture(scope="module")
def filters(artifacts: Path) -> list[dict[str, Any]]:
    """The properties of the template's metric filters."""
    template = yaml.safe_load((artifacts / "template.yaml").read_text())
    return [
        one["Properties"]
        for one in template["Resources"].values()
        if one["Type"] == "AWS::Logs::MetricFilter"
    ]


def counted(filters: list[dict[str, Any]], variant: str, line: dict[str, Any]) -> set[str]:
    """The metrics that the filters of the variant's log group count a line in."""
    return {
        transformation["MetricName"]
        for one in filters
        if one["LogGroupName"] == {"Ref": LOG_GROUPS[variant]}
        and counts(one["FilterPattern"], json.dumps(line))
        for transformation in one["MetricTransformations"]
    }


@each_variant
def test_slow_request_is_explained_by_upstream(seen: Seen, variant: str) -> None:
    line = seen.slow[variant].request

    assert LATENCY_MS <= line["upstream_ms"] <= line["total_ms"]
    waits = {name: line[name] for name in ("table_ms", "others_ms", "rate_limit_ms", "upstream_ms")}
    assert max(waits, key=lambda name: waits[name]) == "upstream_ms"
    told = ("method", "route", "status", "outcome", "packages", "tier", "days_behind")
    assert [line[name] for name in told] == [
        *("GET", "/packages/{package}", 200, "ok", 1, "upstream", 0)
    ]


@each_variant
def test_request_leaves_one_line(seen: Seen, variant: str) -> None:
    for printed in (seen.cold[variant], seen.slow[variant]):
        assert [line["message"] for line in printed.ours] == ["request"]


@each_variant
def test_lines_of_runtime_have_the_same_id(seen: Seen, variant: str) -> None:
    printed = seen.slow[variant]

    request_id = printed.request["requestId"]
    assert list(printed.of_the_runtime) == ["START", "END", "REPORT"]
    assert all(f"RequestId: {request_id}" in line for line in printed.of_the_runtime.values())
    assert printed.request["total_ms"] <= duration_ms(printed)


@each_variant
def test_cold_start_is_first_invocation(seen: Seen, variant: str) -> None:
    for printed in (seen.cold[variant], seen.slow[variant], seen.failed[variant]):
        started_for_it = "Init Duration" in printed.of_the_runtime["REPORT"]
        assert printed.request["cold_start"] == started_for_it
    assert seen.cold[variant].request["cold_start"]
    assert not seen.slow[variant].request["cold_start"]


@each_variant
def test_upstream_failure_is_in_request_line(seen: Seen, variant: str) -> None:
    line = seen.failed[variant].request

    assert (line["status"], line["outcome"], line["tier"]) == (502, "upstream_error", "none")
    assert "days_behind" not in line


def test_upstream_failure_is_a_warning(seen: Seen) -> None:
    warning, request = seen.failed["fastapi"].ours

    told = {name: warning[name] for name in ("level", "message", "problem", "endpoint", "package")}
    assert told == {
        "level": "WARNING",
        "message": "upstream failed",
        "problem": "upstream-broken",
        "endpoint": "overall",
        "package": FAILING_PACKAGE,
    }
    assert warning["requestId"] == request["requestId"]


def test_metric_filters_count_their_lines(seen: Seen, filters: list[dict[str, Any]]) -> None:
    printed = {"cold": seen.cold, "slow": seen.slow, "failed": seen.failed}
    found = {
        (variant, when, line["message"]): counted(filters, variant, line)
        for when, by_variant in printed.items()
        for variant, one in by_variant.items()
        for line in one.ours
    }
    assert found == {
        ("fastapi", "cold", "request"): {"ColdStarts"},
        ("fastapi", "slow", "request"): {"DaysBehind"},
        ("fastapi", "failed", "upstream failed"): {"UpstreamFailed"},
        ("fastapi", "failed", "request"): set(),
        # The Flask variant's group has a filter for defects alone.
        ("flask", "cold", "request"): set(),
        ("flask", "slow", "request"): set(),
        ("flask", "failed", "request"): set(),
    }


def test_documented_lines_have_the_fields_that_are_printed(seen: Seen) -> None:
    (place,) = PLACE.findall(PAGE.read_text())
    documented, printed = Printed(log_lines(place)), seen.slow["fastapi"]

    assert list(documented.request) == list(printed.request)
    assert [line["message"] for line in documented.ours] == [
        line["message"] for line in printed.ours
    ]
    assert list(documented.of_the_runtime) == list(printed.of_the_runtime)
    upstream_ms, total_ms = (documented.request[name] for name in ("upstream_ms", "total_ms"))
    assert DOCUMENTED_MS <= upstream_ms <= total_ms
