"""The report in Markdown, in blocks that docs/comparison.md takes one by one."""

from collections.abc import Iterator, Mapping
from typing import Any

from .circumstances import MachineFacts
from .comparisons import REFERENCE
from .figures import number
from .judgement import NO_DIFFERENCE_PERCENT
from .plots import Plot, plots
from .results import Results
from .spread import ENOUGH_ROUNDS
from .tables import Table
from .verdict import Verdict


def blocks(results: Results, plot_folder: str) -> dict[str, str]:
    """Every block of the report by its name, in the order of the report.

    `plot_folder` is where the plots are, as seen from the page, with a slash at the end or empty.
    """
    summary = results.summary
    made = {"run": _run(results), "reading": _reading()}
    made |= {f"verdict-{one.name}": verdict_block(one) for one in summary.verdicts}
    made |= {f"plot-{one.name}": _plot(one, plot_folder) for one in plots(summary.measured)}
    return made | {table.name: _table(table) for table in summary.tables}


def report(results: Results) -> str:
    """The whole report, with its plots beside it."""
    made = blocks(results, "")
    titles = {f"verdict-{one.name}": f"### {one.title}" for one in results.summary.verdicts}
    titles |= {table.name: f"### {table.title}" for table in results.summary.tables}
    parts = ["# Flask against FastAPI, measured"]
    section = ""
    for name, text in made.items():
        kind = {
            "run": "",
            "reading": "",
            "verdict": "## Verdict by situation",
            "plot": "## Plots",
        }.get(name.split("-")[0], "## Tables")
        if kind and kind != section:
            parts.append(kind)
            section = kind
        parts += [titles[name]] if name in titles else []
        parts.append(text)
    return "\n\n".join(parts) + "\n"


def _run(results: Results) -> str:
    """When, on what and of what: a table of two columns."""
    machine, versions = results.machine, results.versions
    commit = results.commit
    rows = {
        "Began": f"{results.began:%Y-%m-%d %H:%M} UTC, took {number(results.took_s)} s",
        "Commit": "no clone"
        if commit is None
        else f"`{commit.id}`{', with changes' if commit.changed else ''}",
        "Machine": f"{machine.processor}, {machine.architecture}, {machine.cores} cores, "
        f"{machine.memory_mb} MB, {_load(machine)}",
        "System": f"{machine.system}, Docker {machine.docker or 'absent'}",
        "Python": f"{versions.python} (server, core), {versions.lambda_python} (Lambda), "
        f"SAM {versions.sam}",
        "Libraries": _named(versions.libraries),
        "Plan": _plan(results),
    }
    if not results.complete:
        rows["Not completed"] = "what follows is of what was measured until it ended"
    for arena, why in results.missing.items():
        rows[f"Not measured: {arena}"] = " ".join(why.split())
    for arena, settings in results.settings.items():
        rows[f"Settings, {arena}"] = ", ".join(_settings(settings))
    lines = [f"| {name} | {_escaped(value)} |" for name, value in rows.items()]
    return "\n".join(["| | |", "|---|---|", *lines])


def _load(machine: MachineFacts) -> str:
    before = f"load before: {number(machine.load_before)}"
    return (
        before if machine.load_after is None else f"{before}, after: {number(machine.load_after)}"
    )


def _settings(settings: Mapping[str, Any], of: str = "") -> Iterator[str]:
    """`name value` for each setting, however deep it lies; a command line is one value."""
    for name, value in settings.items():
        if isinstance(value, Mapping):
            yield from _settings(value, f"{of}{name} ")
        else:
            words = " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
            yield f"{of}{name} `{words}`"


def _plan(results: Results) -> str:
    plan = results.plan
    parts = [
        f"arenas {', '.join(plan.arenas)}",
        f"variants {', '.join(plan.variants)}",
        f"packages {_listed(plan.packages)}",
        f"upstream latency {_listed(plan.latencies_ms)} ms",
        f"clients {_listed(plan.concurrencies)}",
        f"rounds {plan.rounds}",
        *(["quick"] if plan.quick else []),
    ]
    return "; ".join(parts)


def _listed(values: tuple[int, ...]) -> str:
    return ", ".join(str(value) for value in values)


def _named(values: dict[str, str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())


def _reading() -> str:
    """What the brackets mean, and when there is a winner."""
    return (
        "Times are medians, with their quartiles in parentheses. "
        f"`÷ {REFERENCE}` is how many times what `{REFERENCE}` needs a variant needs: both are divided round by "
        "round, and the median of these ratios is given. Brackets hold the ratio's true median with the "
        "probability that is stated with them: they reach from the smallest ratio to the largest, and "
        "where there are many rounds, leave out as many at both ends as can be spared. A verdict names a "
        f"winner only where the brackets leave out 1 and the median differs from 1 by {NO_DIFFERENCE_PERCENT} % "
        f"or more. Where they lie within {NO_DIFFERENCE_PERCENT} % around 1, or the median does and they leave "
        "out 1, it makes no difference. Else no difference can be told. Of fewer rounds than "
        f"{ENOUGH_ROUNDS}, a verdict says so. `limit` is the slowest single "
        "upstream call that was needed; `÷ limit` is how many times that a time is, or which part of all "
        "requests that upstream alone allows a rate is."
    )


def verdict_block(verdict: Verdict) -> str:
    """What is said about a situation, a line for each question and variant."""
    return "\n".join(
        f"- {line.label}, against `{line.variant}` (rounds: {line.rounds}): {line.text}"
        for line in verdict.lines
    )


def _plot(plot: Plot, folder: str) -> str:
    return (
        "<picture>\n"
        f'  <source media="(prefers-color-scheme: dark)" srcset="{folder}{plot.file("dark")}">\n'
        f'  <img alt="{plot.words}" src="{folder}{plot.file("light")}">\n'
        "</picture>"
    )


def _table(table: Table) -> str:
    align = ["---" if title == "variant" else "---:" for title in table.header]
    lines = [_row(table.header), _row(align)]
    lines += [_row([figure.text for figure in row]) for row in table.rows]
    return "\n".join([*([table.note, ""] if table.note else []), *lines])


def _row(cells: list[str] | tuple[str, ...]) -> str:
    return f"| {' | '.join(_escaped(cell) for cell in cells)} |"


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")
