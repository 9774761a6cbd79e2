"""What was promised and what came, as a table for a person at a terminal."""

from collections.abc import Iterable

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from tools.smoke.promises import Verdict


def print_table(console: Console, url: str, verdicts: Iterable[Verdict]) -> bool:
    """Print a row for each promise; returns whether all were kept."""
    table = Table(
        Column("route", overflow="fold"), "what it promises", "kept", Column("ms", justify="right")
    )
    broken = kept = 0
    for verdict in verdicts:
        promise, waited = verdict.promise, f"{verdict.waited_ms:.0f}"
        if verdict.broken is None:
            kept += 1
            table.add_row(promise.route, promise.words, Text("yes", "green"), waited)
        else:
            broken += 1
            reason = Text(f"no: {verdict.broken}", "bold red")
            table.add_row(promise.route, promise.words, reason, waited)
    console.print(table)
    summary = f"{url}: {kept} promises kept, {broken} broken."
    console.print(summary, style="red" if broken else "green", markup=False)
    return not broken
