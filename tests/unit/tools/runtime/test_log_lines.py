"""What of SAM's output is the log, and what the documentation shows of it."""

import json
from pathlib import Path

from pulse.request_log import RequestLog
from tools.runtime.log_lines import LATENCY_MS, PLACE, log_lines

PAGE = Path(__file__).parents[4] / "docs/operations.md"


def test_log_lines_are_the_functions_json_and_the_runtimes_own() -> None:
    printed = (
        "Invoking fastapi_app.handler.handler (python3.13)\n"
        "START RequestId: 1 Version: $LATEST\n"
        '{"message": "request"}\n'
        "END RequestId: 1\n"
        "REPORT RequestId: 1\tDuration: 2.00 ms\t\n"
        "\n"
        "[ERROR] [1795351671355] LAMBDA_RUNTIME Failed to get next invocation.\n"
    )
    assert log_lines(printed) == [
        "START RequestId: 1 Version: $LATEST",
        '{"message": "request"}',
        "END RequestId: 1",
        "REPORT RequestId: 1\tDuration: 2.00 ms",
    ]


def test_the_documented_request_was_held_up_by_upstream_and_has_every_field() -> None:
    (place,) = PLACE.findall(PAGE.read_text())
    (line,) = (json.loads(one) for one in log_lines(place) if one.startswith("{"))

    written = RequestLog(lambda: 0.0, "1").line(
        method="GET", route="/", status=200, cold_start=True
    )
    assert written.keys() <= line.keys()
    assert LATENCY_MS <= line["upstream_ms"] <= line["total_ms"]
