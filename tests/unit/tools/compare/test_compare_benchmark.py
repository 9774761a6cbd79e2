"""A run over a target that measures nothing: its order, and what remains of it when it fails."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from tools.compare.benchmark import MeasurementError, Open, Say, run
from tools.compare.plan import QUICK, VARIANTS, Cell, Plan, rotated, too_long, with_transports
from tools.compare.results import load
from tools.compare.upstream import Upstream

CELLS = (Cell("core", "article", 1, 200), Cell("core", "article", 50, 500))
PLAN = replace(QUICK, targets=("core",), rounds=2)


class FakeTarget:
    """Notes what it is asked to measure; `fails` is the place at which it does."""

    settings: Mapping[str, int] = {"threads": 10}

    def __init__(self, error: BaseException | None = None, fails: int = 3) -> None:
        self.measured: list[tuple[str, Cell]] = []
        self.closed = False
        self._error, self._fails = error, fails

    def cells(self, round_: int) -> Sequence[Cell]:
        return CELLS if round_ == 1 else CELLS[:1]

    def measure(self, variant: str, cell: Cell) -> Mapping[str, float]:
        if self._error and len(self.measured) == self._fails:
            raise self._error
        self.measured.append((variant, cell))
        return {"client_ms": len(self.measured) * 1.23456789}

    @contextmanager
    def opened(self, _plan: Plan, _upstream: Upstream, _say: Say) -> Iterator["FakeTarget"]:
        try:
            yield self
        finally:
            self.closed = True

    def find(self, names: Sequence[str]) -> Iterator[tuple[str, Open]]:
        for name in names:
            yield name, self.opened


def say(_: str) -> None:
    """Nothing."""


def test_each_cell_is_begun_by_another_variant(tmp_path: Path) -> None:
    target = FakeTarget()
    assert run(PLAN, tmp_path, say, target.find)
    assert target.measured == [
        *((variant, CELLS[0]) for variant in ("flask", "flask-threads", "fastapi")),
        *((variant, CELLS[1]) for variant in ("flask-threads", "fastapi")),  # flask needs 25 s
        *((variant, CELLS[0]) for variant in ("flask-threads", "fastapi", "flask")),
    ]
    results = load(tmp_path)
    assert results.run["complete"]
    assert results.run["settings"] == {"core": {"threads": 10}}
    assert results.samples["value"].iloc[0] == 1.23457
    assert len(results.samples) == 8


@pytest.mark.parametrize(
    "error",
    [
        MeasurementError("a wrong answer"),
        TimeoutError("a wrong answer"),
        httpx.ReadTimeout("a wrong answer"),
    ],
)
def test_a_target_that_fails_keeps_what_it_measured(tmp_path: Path, error: Exception) -> None:
    target = FakeTarget(error)
    said: list[str] = []
    assert not run(replace(PLAN, targets=("core", "server")), tmp_path, said.append, target.find)
    results = load(tmp_path)
    assert results.run["missing"] == {"core": "a wrong answer", "server": "a wrong answer"}
    assert len(results.samples) == 3
    assert "core was not measured to its end: a wrong answer" in said


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(143)])
def test_an_interruption_keeps_what_was_measured(tmp_path: Path, error: BaseException) -> None:
    target = FakeTarget(error)
    with pytest.raises(type(error)):
        run(PLAN, tmp_path, say, target.find)
    assert target.closed
    results = load(tmp_path)
    assert not results.run["complete"]
    assert len(results.samples) == 3


def test_every_variant_begins_equally_often() -> None:
    orders = [rotated(VARIANTS, by) for by in range(6)]
    assert all(sorted(order) == sorted(VARIANTS) for order in orders)
    assert [order[0] for order in orders] == [*VARIANTS, *VARIANTS]


def test_only_sequential_calls_take_too_long() -> None:
    assert too_long("flask", Cell("lambda", "fan-out", 50, 500))
    assert not too_long("flask", Cell("lambda", "fan-out", 50, 200))
    assert not too_long("fastapi", Cell("lambda", "fan-out", 50, 500))


def test_transports_stand_beside_the_deployed_variant() -> None:
    both = with_transports(VARIANTS, ("httpx", "aiohttp"))
    assert both == ("fastapi", "fastapi-aiohttp", "flask", "flask-threads")
    assert with_transports(("flask",), ("httpx", "aiohttp")) == ("flask",)
