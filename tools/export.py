"""`python -m tools.export`: writes history to a file that `python -m tools.backfill` reads back."""

import asyncio
import csv
import datetime as dt
import sys
import tempfile
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Final

from pulse.history import Cells
from pulse.problems import HistoryUnavailable
from pulse.questions import ENDPOINTS, Question
from pulse.series import without_formula
from pulse.settings import InvalidSettings
from pulse_io.settings import Settings
from pulse_io.store.history import HistoryStore
from tools import parquet
from tools.history import (
    ENVIRONMENT,
    add_source,
    history_settings,
    open_history,
    package,
    progress,
)
from tools.terminal import log_to_terminal

COLUMNS: Final = tuple(parquet.TYPES)

_DESCRIPTION: Final = f"""\
Write history to a file with the columns {", ".join(COLUMNS)}.
The rows have no order. `python -m tools.backfill` reads the file.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command. Returns the exit status."""
    options = _parser().parse_args(arguments)
    log_to_terminal()
    try:
        # The file appears as a whole, or not at all.
        with tempfile.TemporaryDirectory(prefix=".export-", dir=options.out.parent) as folder:
            made = Path(folder) / "export.csv"
            count = asyncio.run(_write(history_settings(), options, made))
            if options.out.suffix == parquet.SUFFIX:
                as_csv, made = made, made.with_suffix(parquet.SUFFIX)
                parquet.to_parquet(as_csv, made)
            made.replace(options.out)
    except InvalidSettings as error:
        print(error, file=sys.stderr)
    except OSError as error:
        print(f"{options.out}: {error.strerror}", file=sys.stderr)
    except HistoryUnavailable as error:
        print(f"History unavailable: {error.reason}. Nothing was written.", file=sys.stderr)
    except KeyboardInterrupt:
        print("Interrupted. Nothing was written.", file=sys.stderr)
    else:
        print(f"{options.out}: {count:,} rows.")
        return 0
    return 1


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        "python -m tools.export",
        description=_DESCRIPTION,
        epilog=ENVIRONMENT,
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--out", type=Path, required=True, help="CSV, or Parquet if it ends with .parquet"
    )
    parser.add_argument(
        "--package",
        type=package,
        action="append",
        help="only this package; repeat it for more (default: all, by a scan of the table)",
    )
    add_source(parser)
    return parser


async def _write(settings: Settings, options: Namespace, out: Path) -> int:
    """Write the rows as CSV; returns how many.

    Raises:
        HistoryUnavailable: the table failed.
    """
    count = 0
    async with open_history(settings) as history:
        with out.open("w", encoding="utf-8", newline="") as file, progress() as bar:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            task = bar.add_task("Exporting", total=None)
            async for question, cells in _kept(history, options):
                series = question.package, question.breakdown
                rows = sorted(
                    (without_formula(cell.category), cell.day, cells[cell]) for cell in cells
                )
                writer.writerows((*series, *row) for row in rows)
                count += len(rows)
                bar.update(task, description=f"Exported {count:,} rows")
    return count


async def _kept(history: HistoryStore, options: Namespace) -> AsyncIterator[tuple[Question, Cells]]:
    """The kept counts: of the packages in the options, or of all."""
    if options.package is None:
        async for part in history.export(options.source):
            yield part
        return
    for name in options.package:
        for breakdown in ENDPOINTS:
            question = Question(name, breakdown)
            yield question, await history.read(question, options.source, dt.date.min, dt.date.max)


if __name__ == "__main__":
    sys.exit(main())
