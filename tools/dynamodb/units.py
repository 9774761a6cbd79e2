"""`python -m tools.dynamodb.units`: what requests cost in the table, and how large its items are.

Measured with AWS's DynamoDB Local, a stand-in for pypistats.org and the catalogue that the functions have.
`--into FILE` fills the blocks `units-requests` and `units-items` of a Markdown page.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table as RichTable

from tools.compare.page import NoSuchBlock, filled
from tools.costs import markdown_table
from tools.runtime.machine import ThisMachine
from tools.runtime.problems import NeedError
from tools.runtime.processes import end_in_order_when_told_to

from .account import local_account
from .items import Size, sizes
from .local import dynamodb_local
from .metered_world import Cost
from .requests import costs

COMPARED: Final = 10
PLAIN_WIDTH: Final = 120
"""Where no terminal says how wide it is."""

INTERRUPTED: Final = 130


@dataclass(frozen=True)
class Table:
    """What is printed and what goes into a page, whose block has its name."""

    name: str
    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]

    @property
    def markdown(self) -> str:
        """The table for a page, without a line's end."""
        return markdown_table(self.header, self.rows).rstrip("\n")

    @property
    def rich(self) -> RichTable:
        """The table for a terminal."""
        first, *others = self.header
        table = RichTable(first, title=self.title)
        for heading in others:
            table.add_column(heading, justify="right")
        for row in self.rows:
            table.add_row(*row)
        return table


def requests_table(measured: Sequence[Cost]) -> Table:
    """A row for each situation."""
    return Table(
        "units-requests",
        "What a request costs in the table",
        ["request", "read units", "write units", "operations"],
        [
            [one.situation, f"{one.reads:g}", f"{one.writes:g}", str(len(one.operations))]
            for one in measured
        ],
    )


def items_table(measured: Sequence[Size]) -> Table:
    """A row for each item."""
    return Table(
        "units-items",
        "How large items are",
        ["item", "bytes"],
        [[f"`{one.key}`", f"{one.size:,}"] for one in measured],
    )


async def measure(dynamodb_url: str, compared: int = COMPARED) -> list[Table]:
    """All tables; comparisons are of so many packages."""
    return [
        requests_table(await costs(dynamodb_url, compared)),
        items_table(await sizes(dynamodb_url)),
    ]


def main() -> int:
    """Return 0, or 1 with the reason on stderr where it can't be measured or put into the page."""
    parser = argparse.ArgumentParser(prog="python -m tools.dynamodb.units", description=__doc__)
    parser.add_argument("--into", type=Path, metavar="FILE")
    page: Path | None = parser.parse_args().into
    machine = ThisMachine()
    end_in_order_when_told_to()
    try:
        with dynamodb_local(machine) as url:
            os.environ.update(local_account(url))
            tables = asyncio.run(measure(url))
        if page:
            made = {table.name: table.markdown for table in tables}
            page.write_text(filled(page.read_text(), made))
    except (NeedError, NoSuchBlock, OSError) as problem:
        machine.say(str(problem))
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    console = Console(width=None if sys.stdout.isatty() else PLAIN_WIDTH)
    for table in tables:
        console.print(table.rich)
    return 0


if __name__ == "__main__":
    sys.exit(main())
