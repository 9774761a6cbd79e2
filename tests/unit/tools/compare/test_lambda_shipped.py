"""What a comparison as shipped counts as, where its function was cut off too."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tools.compare.lambda_arena.bench import Bench
from tools.compare.lambda_arena.emulator import Emulator, Invocation, Unreported
from tools.compare.lambda_arena.events import comparison
from tools.compare.lambda_arena.functions import AS_SHIPPED, Settings
from tools.compare.lambda_arena.packages import some
from tools.compare.lambda_arena.report import Report
from tools.compare.lambda_arena.shipped import measure_as_shipped
from tools.compare.lambda_arena.upstream import Upstream
from tools.compare.plan import Plan
from tools.compare.samples import Sample, Variant
from tools.fake_pypistats import FakePypistats
from tools.runtime.machine import Machine

PLAN = Plan(("lambda",), ("flask",), (10,), (200,), (1,), 1, quick=True, output=Path())
COMPARED = {"packages": [{"status": "ok"}] * 4 + [{"status": "throttled"}] * 6}
GIVES_UP = """\
Resources:
  Flask: {Type: AWS::ApiGatewayV2::Integration, Properties: {TimeoutInMillis: 20000}}
"""
Act = Callable[[], Invocation]


def invocation(body: Any, *, answered: bool = True, duration_ms: float = 8000) -> Act:  # noqa: ANN401 - JSON
    status = 200 if answered else 500
    reported = Report(duration_ms, duration_ms, first_of_container=True)
    return lambda: Invocation(status, body, answered, reported, client_ms=9000)


def unreported() -> Invocation:
    raise Unreported("SAM reported no invocation", 500, {"detail": "no answer"}, 16000)


class Canned(Emulator):
    """Every invocation of it comes to the same."""

    def __init__(self, act: Act) -> None:
        self._act = act

    def invoke(self, variant: Variant, event: bytes, *, fresh: bool) -> Invocation:
        assert (variant, fresh) == ("flask", True)
        assert event == comparison(some(10))
        return self._act()


@dataclass(frozen=True)
class CannedBench(Bench):
    canned: Canned

    @contextmanager
    def emulator(
        self, variants: tuple[Variant, ...], settings: Settings, *, warm: bool
    ) -> Iterator[Emulator]:
        assert (variants, settings, warm) == (("flask",), AS_SHIPPED, False)
        yield self.canned


def measured(built: Path, act: Act) -> dict[str, float]:
    (built / "template.yaml").write_text(GIVES_UP)
    found: dict[str, float] = {}

    def record(sample: Sample) -> None:
        found[sample.metric] = sample.value

    with (
        FakePypistats() as upstream,
        httpx.Client(base_url=upstream.url, trust_env=False) as client,
    ):
        bench = CannedBench(Machine(), built, "", Upstream(client), built, Canned(act))
        measure_as_shipped(PLAN, bench, record, lambda _: None)
    return found


def test_an_answer_counts_its_packages_and_its_time(tmp_path: Path) -> None:
    found = measured(tmp_path, invocation(COMPARED))

    assert (found["answered"], found["throttled"], found["failed"]) == (4, 6, 0)
    assert (found["status"], found["in_time"], found["duration_ms"]) == (200, 1, 8000)


def test_an_answer_after_the_gateway_gave_up_is_not_in_time(tmp_path: Path) -> None:
    assert measured(tmp_path, invocation(COMPARED, duration_ms=20000))["in_time"] == 0


def test_a_function_that_was_cut_off_has_answered_nothing_in_time(tmp_path: Path) -> None:
    found = measured(tmp_path, invocation({"detail": "no answer"}, answered=False))

    assert (found["answered"], found["failed"]) == (0, 10)
    assert (found["status"], found["in_time"], found["duration_ms"]) == (500, 0, 8000)


def test_what_was_never_reported_is_a_result_without_a_duration(tmp_path: Path) -> None:
    assert measured(tmp_path, unreported) == {
        "answered": 0,
        "throttled": 0,
        "failed": 10,
        "status": 500,
        "in_time": 0,
        "client_ms": 16000,
    }
