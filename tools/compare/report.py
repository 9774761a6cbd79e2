"""The report of a run: the table of cases, everything that was measured, and the circumstances."""

from collections.abc import Mapping
from typing import Final

import pandas as pd

from tools import prices

from .cases import CASES, OTHER_CASES, Case
from .formatting import NOTHING, number, ratio, table
from .plan import REFERENCE
from .results import Results
from .significance import CONFIDENCE, ENOUGH_ROUNDS, NO_DIFFERENCE, judge, paired_ratio

NAMES: Final = {"fastapi": "FastAPI", "flask": "Flask", "flask-threads": "Flask with threads"}
_DIMENSION_NAMES: Final = ("packages", "upstream, ms", "clients", "memory, MB")
_BYTES_PER_MB: Final = 1e6


def name(variant: str) -> str:
    """A variant as the report names it: FastAPI with another transport is `FastAPI (aiohttp)`."""
    return NAMES.get(variant) or f"FastAPI ({variant.removeprefix('fastapi-')})"


def summary(results: Results) -> str:
    """The first table: a row per case. Cases that were not measured are listed below it."""
    rows, missing = [], []
    for case in CASES:
        cells = results.cells(case)
        if len(cells) == 1:
            rows.append([case.title, *figures(results, case, cells[0])])
        else:
            missing.append(case.title)
    said = [table(["situation", *_header(results)], rows), note(results)]
    if missing:
        said.append(f"Not measured in this run: {'; '.join(missing)}.")
    return "\n\n".join(said)


def everything(results: Results) -> str:
    """A table of every cell that was measured."""
    rows = []
    for case in _measures():
        for cell in results.cells(case):
            where = [NOTHING if value is None else str(value) for value in cell]
            of_cell = figures(results, case, cell, unit="")
            rows.append([f"{case.target}, {case.measure}", _metric(case), *where, *of_cell])
    header = ["measure", "metric", *_DIMENSION_NAMES, *_header(results)]
    return table(header, rows, left=2)


def _metric(case: Case) -> str:
    """Its name, which ends with the unit; what is recorded in bytes is shown in MB."""
    return case.metric.replace("_bytes", "_mb")


def _measures() -> list[Case]:
    """One case per metric, which leaves the cell open."""
    open_cases = {}
    for case in (*CASES, *OTHER_CASES):
        key = (case.target, case.measure, case.metric)
        open_cases[key] = Case(case.title, *key, case.unit, case.better, case.exact)
    return list(open_cases.values())


def _header(results: Results) -> list[str]:
    compared = [f"{name(v)} ÷ {name(REFERENCE)}" for v in _compared(results)]
    return [*map(name, results.variants), "physical limit", "winner", *compared]


def _compared(results: Results) -> list[str]:
    """The variants that are divided by the reference; none without it."""
    others = [variant for variant in results.variants if variant != REFERENCE]
    return others if REFERENCE in results.variants else []


def figures(
    results: Results, case: Case, cell: tuple[int | None, ...], unit: str | None = None
) -> list[str]:
    """Values, limit, winner and ratios of one cell, as text; a variant that was left out has a dash."""
    suffix = f" {case.unit}" if unit is None else unit
    by_variant = results.by_variant(case, cell)
    limit = results.limit(case, cell)
    values = [
        _value(case, by_variant[variant]) + suffix if variant in by_variant else NOTHING
        for variant in results.variants
    ]
    ratios = [
        ratio(paired_ratio(by_variant[variant], by_variant[REFERENCE]))
        if {variant, REFERENCE} <= by_variant.keys()
        else NOTHING
        for variant in _compared(results)
    ]
    shown = NOTHING if limit is None else number(limit) + suffix
    return [*values, shown, _winner(case, by_variant), *ratios]


def _value(case: Case, values: pd.Series) -> str:
    median = values.median()
    if case.unit == "packages":
        return f"{median:g}"
    return number(median / _BYTES_PER_MB if case.unit == "MB" else median)


def _winner(case: Case, by_variant: Mapping[str, pd.Series]) -> str:
    if len(by_variant) == 1:
        return NOTHING
    verdict = judge(by_variant, case.better, exact=case.exact)
    if verdict.no_difference:
        return "no difference"
    if len(verdict.winners) == len(by_variant):
        return "unclear"
    return " and ".join(f"**{name(variant)}**" for variant in verdict.winners)


def note(results: Results) -> str:
    """How to read the table, and how much a run of so few rounds is worth."""
    rounds = results.run["plan"]["rounds"]
    words = (
        f"Values are medians of {rounds} rounds. Ratios are taken within each round; brackets are the "
        f"{CONFIDENCE:.0%} bootstrap interval of their median. One variant beats another if their ratio "
        f"differs from 1 by {NO_DIFFERENCE - 1:.0%} or more and the interval leaves out 1. The winners are "
        f"those that no other beats; there is no difference if all intervals lie within "
        f"{NO_DIFFERENCE - 1:.0%} of 1."
    )
    if rounds < ENOUGH_ROUNDS:
        words += f" **Fewer than {ENOUGH_ROUNDS} rounds prove nothing: this is a trial.**"
    return words


def circumstances(results: Results) -> str:
    """What was measured, on what, and with which settings."""
    run = results.run
    machine, plan = run["machine"], run["plan"]
    rows = {
        "Began": f"{run['began']}, took {run['took_s']} s"
        + ("" if run["complete"] else ", **not complete**"),
        "Commit": f"`{run['commit'] or 'unknown'}`",
        "Machine": f"{machine['processor']}, {machine['architecture']}, {machine['cores']} cores, "
        f"{machine['memory_mb']} MB, {machine['system']}, load {machine['load_before']} before and "
        f"{machine.get('load_after', NOTHING)} after",
        "Versions": ", ".join(f"{one} {version}" for one, version in run["versions"].items()),
        "Plan": "; ".join(f"{key} {_listed(value)}" for key, value in plan.items()),
        **{f"Settings, {target}": _settings(said) for target, said in run["settings"].items()},
        **{f"Not measured: {target}": why for target, why in run["missing"].items()},
        "Prices": f"{prices.REGION}, {prices.KNOWN_ON}: {prices.GB_SECOND['x86_64']:.10f} USD per "
        f"GB-second (x86_64), {prices.MILLION_REQUESTS:.2f} USD per million requests of Lambda and "
        f"{prices.MILLION_GATEWAY_REQUESTS:.2f} of API Gateway, without free tier and taxes. Source: "
        f"{prices.SOURCE}.",
    }
    return table(["", ""], [[key, " ".join(said.split())] for key, said in rows.items()], left=2)


def _listed(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _settings(said: Mapping[str, object]) -> str:
    parts = []
    for key, value in said.items():
        inner = value.items() if isinstance(value, Mapping) else [(key, value)]
        parts += [f"{one} `{what}`" for one, what in inner]
    return ", ".join(parts)


def blocks(results: Results, plots: Mapping[str, str], folder: str = "") -> dict[str, str]:
    """The generated parts of a page by name.

    Args:
        results: The run.
        plots: What each plot shows, by its name.
        folder: Where the plots lie, with a slash at the end.
    """
    shown = {
        f"plot-{plot}": f'<picture>\n  <source media="(prefers-color-scheme: dark)" '
        f'srcset="{folder}{plot}-dark.svg">\n  <img alt="{words}" src="{folder}{plot}-light.svg">\n'
        "</picture>"
        for plot, words in plots.items()
    }
    return {
        "summary": summary(results),
        **shown,
        "everything": everything(results),
        "run": circumstances(results),
    }


def whole(results: Results, plots: Mapping[str, str]) -> str:
    """The report as a page of its own."""
    return "# Flask against FastAPI\n\n" + "\n\n".join(blocks(results, plots).values()) + "\n"
