"""A run with made-up values, in which FastAPI wins some cases and loses others."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Final

from tools.compare.cases import CASES, OTHER_CASES, Case
from tools.compare.plan import FULL, VARIANTS, Cell, Plan, transport
from tools.compare.results import Results, load, recorder, save_run

PLAN: Final = replace(FULL, rounds=5)

Value = Callable[[Case, str, int], float]


def value(case: Case, variant: str, round_: int) -> float:
    """100 for FastAPI, 200 for Flask, 99 for Flask with threads, each with 1 % of noise."""
    del case
    middle = {"fastapi": 100.0, "flask": 200.0, "flask-threads": 99.0}
    return middle.get(variant, 50.0 + len(transport(variant))) * (1 + (round_ % 3) / 200)


def write(folder: Path, plan: Plan = PLAN, value: Value = value, **run: object) -> Path:
    """Write a run of every case, and return its folder."""
    with recorder(folder) as records:
        for round_ in range(1, plan.rounds + 1):
            for case in (*CASES, *OTHER_CASES):
                sizes = {
                    name: getattr(case, name)
                    for name in asdict(Cell("", ""))
                    if hasattr(case, name)
                }
                if case.metric == "usd_per_million" or case.target not in plan.targets:
                    continue
                for variant in plan.variants:
                    metrics: Mapping[str, float] = {case.metric: value(case, variant, round_)}
                    if case.latency_ms:
                        metrics = {**metrics, "limit_ms": case.latency_ms}
                    if case.measure == "memory size":
                        records.record(
                            Cell(**{**sizes, "memory_mb": 512}), variant, round_, metrics
                        )
                    records.record(Cell(**sizes), variant, round_, metrics)
    save_run(folder, {**circumstances(plan), **run})
    return folder


def written(folder: Path, plan: Plan = PLAN, value: Value = value, **run: object) -> Results:
    """A run of every case, written and read again."""
    return load(write(folder, plan, value, **run))


def circumstances(plan: Plan) -> dict[str, object]:
    """What a run notes of itself."""
    return {
        "complete": True,
        "began": "2026-11-26T08:00:00+00:00",
        "took_s": 800,
        "commit": "0123abc",
        "machine": {
            "processor": "Z80",
            "architecture": "x86_64",
            "cores": 2,
            "memory_mb": 8000,
            "system": "Linux",
            "load_before": 0.1,
            "load_after": 0.2,
        },
        "versions": {"python": "3.13.0"},
        "plan": asdict(plan),
        "settings": {"core": {"threads": 10}},
        "missing": {},
    }


def only(variants: tuple[str, ...] = VARIANTS, rounds: int = 5) -> Plan:
    """A plan of these variants."""
    return replace(PLAN, variants=variants, rounds=rounds)
