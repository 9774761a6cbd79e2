"""The report at a terminal."""

import sys

from rich.console import Console
from rich.markdown import Markdown
from rich.table import Table as RichTable

from .markdown import verdict_block
from .results import Results
from .tables import Table

UNKNOWN_WIDTH = 200
"""Columns where the output is no terminal: wide enough for every table."""


def show(results: Results, console: Console | None = None) -> None:
    """Print every table and the verdicts."""
    if console is None:
        console = Console(width=None if sys.stdout.isatty() else UNKNOWN_WIDTH)
    for table in results.summary.tables:
        console.print(_rich(table))
    for verdict in results.summary.verdicts:
        console.print(Markdown(f"## {verdict.title}\n{verdict_block(verdict)}"))
    if not results.complete:
        console.print("[bold]This run was not completed: what was measured until then is above.")


def _rich(table: Table) -> RichTable:
    shown = RichTable(title=table.title, caption=table.note or None, title_justify="left")
    shown.caption_justify = "left"
    variant = table.header.index("variant")
    for place, title in enumerate(table.header):
        shown.add_column(title, justify="left" if place == variant else "right", overflow="fold")
    for row in table.rows:
        shown.add_row(*(figure.text for figure in row))
    return shown
