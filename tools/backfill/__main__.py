"""`python -m tools.backfill`: writes a file of daily downloads into history.

The file is checked as a whole before anything is written.
"""

import asyncio
import sys
import tempfile
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

from pulse.problems import HistoryUnavailable
from pulse.questions import ENDPOINTS, Breakdown
from pulse.settings import InvalidSettings
from pulse_io.clocks import utc_now
from pulse_io.settings import Settings
from tools.backfill.files import COLUMNS, records_of
from tools.backfill.rows import Expected
from tools.backfill.staged import Staged
from tools.history import (
    ENVIRONMENT,
    add_source,
    history_settings,
    open_history,
    package,
    progress,
)
from tools.parquet import SUFFIX as PARQUET
from tools.parquet import NoParquet, to_csv
from tools.terminal import log_to_terminal

_EPILOG: Final = f"""\
files:
  *.json, *.jsonl  answers of pypistats.org: one, a list of them, or one after another
  *.parquet        with the columns of an export
  others           CSV with the columns {", ".join(COLUMNS)},
                   in any order; --package and --breakdown stand for columns that are missing

Days that history has stay as they are. After an interruption, run the command again: it adds the rest.

{ENVIRONMENT}"""


class _Malformed(Exception):
    """The file has errors; the message lists them."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command. Returns the exit status."""
    options = _parser().parse_args(arguments)
    log_to_terminal()
    try:
        settings = history_settings()
        with closing(Staged()) as staged:
            _read(options, staged)
            counts = asyncio.run(_write(settings, options, staged))
    except (InvalidSettings, NoParquet, _Malformed) as error:
        print(error, file=sys.stderr)
    except OSError as error:
        print(f"{options.file}: {error.strerror}", file=sys.stderr)
    except HistoryUnavailable as error:
        print(
            f"History unavailable: {error.reason}. Run the command again to go on.", file=sys.stderr
        )
    except KeyboardInterrupt:
        print("Interrupted. Run the command again to go on.", file=sys.stderr)
    else:
        print(_summary(options, counts))
        return 0
    return 1


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        "python -m tools.backfill",
        description="Write a file of daily downloads into history.",
        epilog=_EPILOG,
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument("--file", type=Path, required=True, help="the file to read")
    parser.add_argument("--package", type=package, help="the package of all rows")
    parser.add_argument(
        "--breakdown", choices=ENDPOINTS, type=str, help="the breakdown of all rows"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace days that history has")
    parser.add_argument("--dry-run", action="store_true", help="compare only, write nothing")
    add_source(parser)
    return parser


def _read(options: Namespace, staged: Staged) -> None:
    """Check the file and stage its rows. Parquet is read as CSV, whose first line names the columns.

    Raises:
        _Malformed: it has errors.
        OSError: it can't be read.
    """
    breakdown = options.breakdown and Breakdown(options.breakdown)
    expected = Expected(options.package, breakdown, options.source, utc_now().date())
    with tempfile.TemporaryDirectory() as folder:
        path = options.file
        if path.suffix == PARQUET:
            path = Path(folder) / "rows.csv"
            to_csv(options.file, path)
        with progress() as bar, bar.open(path, "rb", description="Checking") as file:
            errors = staged.add_all(records_of(path, file, expected), expected)
    if errors:
        lines = [f"{options.file} is malformed, so nothing was written:", *errors]
        raise _Malformed("\n  ".join(lines))


async def _write(settings: Settings, options: Namespace, staged: Staged) -> Counter[str]:
    """Add the staged rows to history. Returns how many are new, the same and different.

    Raises:
        HistoryUnavailable: the table failed.
    """
    counts: Counter[str] = Counter(new=0, same=0, different=0)
    async with open_history(settings) as history:
        with progress() as bar:
            for year in bar.track(staged, total=len(staged), description="Writing"):
                filled = await history.fill(
                    year.question,
                    options.source,
                    year.cells,
                    overwrite=options.overwrite,
                    dry_run=options.dry_run,
                )
                counts.update(new=filled.new, same=filled.same, different=filled.different)
    return counts


def _summary(options: Namespace, counts: Counter[str]) -> str:
    kept = "overwritten" if options.overwrite else "kept as they are"
    lines = [
        f"{counts['new']:,} new",
        f"{counts['same']:,} the same",
        f"{counts['different']:,} different, {kept}",
    ]
    end = " A dry run: nothing was written." if options.dry_run else ""
    return f"{options.file}: {', '.join(lines)}.{end}"


if __name__ == "__main__":
    sys.exit(main())
