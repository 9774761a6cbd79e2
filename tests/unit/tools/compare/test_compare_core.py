"""The article's functions, in a process of their own, against the fake pypistats.org."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tools.compare.benchmark import MeasurementError
from tools.compare.plan import QUICK, VARIANTS, Cell
from tools.compare.targets.core import Core, opened
from tools.compare.targets.worker import Worker, running_worker
from tools.compare.upstream import Upstream, running_upstream


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with running_upstream() as running:
        yield running


@pytest.fixture(scope="module")
def core(upstream: Upstream) -> Iterator[Core]:
    with opened(QUICK, upstream, lambda _: None) as target:
        yield target


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    with running_worker() as running:
        yield running


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_variant_waits_for_its_calls(core: Core, variant: str) -> None:
    found = core.measure(variant, Cell("core", "article", 3, 20))
    assert 20 <= found["limit_ms"] <= found["client_ms"]
    assert found["client_ms"] >= (3 if variant == "flask" else 1) * 30  # with 10 ms of processing


def test_a_wrong_result_is_an_error(core: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = core._right.model_copy(update={"total_downloads": 1})  # noqa: SLF001 - what is right
    monkeypatch.setattr(core, "_right", wrong)
    with pytest.raises(MeasurementError, match="0 of 2 results are right"):
        core.measure("fastapi", Cell("core", "article", 2, 0))


def test_the_smallest_the_middle_and_the_largest_are_measured(
    upstream: Upstream, worker: Worker
) -> None:
    plan = replace(QUICK, packages=(1, 5, 10, 25, 50))
    assert [cell.packages for cell in Core(plan, upstream, worker).cells(1)] == [1, 10, 50]


def test_a_worker_raises_what_its_job_raises(worker: Worker) -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        worker.do(int, "x")
    assert worker.do(int, "7") == 7


def test_upstream_tells_what_it_was_asked(upstream: Upstream) -> None:
    upstream.behave(latency_ms=0)
    assert upstream.calls() == []
    upstream.get("/api/packages/flask/overall")
    [(package, duration_ms)] = upstream.calls()
    assert package == "flask"
    assert duration_ms > 0
