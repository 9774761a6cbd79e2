"""A run as tables for a person at a terminal."""

from collections.abc import Iterable
from typing import Final

from rich.console import Console
from rich.table import Table

from .answers import Kind
from .calls import EndpointCalls
from .client import Outcomes
from .plan import PER_MINUTE, PER_SECOND
from .run import Result

MOST_LINES: Final = 10


def show(result: Result, broken: Iterable[str], console: Console) -> None:
    """Print what upstream saw, what clients got, what was logged meanwhile, and the verdict."""
    console.print(_upstream_table(result.endpoints))
    console.print(_client_table(result))
    for line, count in result.logged.most_common(MOST_LINES):
        console.print(f"{count} times logged: {line}", markup=False, highlight=False)
    sentences = list(broken)
    for sentence in sentences:
        console.print(f"BROKEN: {sentence}", markup=False, highlight=False, soft_wrap=True)
    if not sentences:
        console.print("All promises were kept.")


def _upstream_table(endpoints: Iterable[EndpointCalls]) -> Table:
    table = Table("Endpoint", title="Calls that upstream saw")
    most = ("a package (1)", f"1 s ({PER_SECOND})", f"60 s ({PER_MINUTE})")
    for heading in ("calls", "packages", *(f"most in {span}" for span in most), "429 (0)"):
        table.add_column(heading, justify="right")
    for calls in endpoints:
        table.add_row(
            calls.endpoint,
            *map(str, (calls.total, calls.packages, calls.most_per_package)),
            *map(str, (calls.most_per_second, calls.most_per_minute, calls.refused)),
        )
    return table


def _client_table(result: Result) -> Table:
    table = Table(
        "Client",
        title="What clients got: each package in each answer",
        caption="had: packages with data at least once. Waits as Retry-After said: kept, if something "
        "was there after it; broken, if nothing was; not due before the end of the run.",
    )
    for heading in ("answers", *Kind, "had", "kept", "broken (0)", "not due"):
        table.add_column(heading, justify="right")
    for number, outcomes in enumerate(result.clients, 1):
        table.add_row(str(number), *_cells(outcomes))
    table.add_section()
    table.add_row("all", *_cells(_sum(result.clients)))
    return table


def _cells(outcomes: Outcomes) -> list[str]:
    numbers = [
        outcomes.answers,
        *(outcomes.packages[kind] for kind in Kind),
        len(outcomes.had),
        *(outcomes.kept, len(outcomes.broken), outcomes.not_due),
    ]
    return [str(number) for number in numbers]


def _sum(clients: Iterable[Outcomes]) -> Outcomes:
    total = Outcomes()
    for one in clients:
        total.answers += one.answers
        total.packages += one.packages
        total.had |= one.had
        total.kept += one.kept
        total.broken += one.broken
        total.not_due += one.not_due
    return total
