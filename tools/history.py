"""What the commands for history share: `python -m tools.backfill` and `python -m tools.export`."""

import os
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, get_args

from rich.console import Console
from rich.progress import Progress

from pulse.daily_counts import Source
from pulse.names import InvalidPackageName, PackageName
from pulse.settings import InvalidSettings
from pulse_io.settings import Settings
from pulse_io.store.history import HistoryStore
from pulse_io.store.table import open_table

ENVIRONMENT: Final = """\
The variable HISTORY_TABLE names the table. Its region, endpoint and credentials come from AWS's
variables, such as AWS_REGION, AWS_PROFILE and AWS_ENDPOINT_URL_DYNAMODB."""


def add_source(parser: ArgumentParser) -> None:
    """Add the option `--source`."""
    parser.add_argument(
        "--source",
        choices=get_args(Source),
        default="pypistats.org",
        help="where the numbers come from; history keeps sources apart (default: %(default)s)",
    )


def package(name: str) -> PackageName:
    """The value of an option.

    Raises:
        ArgumentTypeError: it is no package name.
    """
    try:
        return PackageName.parse(name)
    except InvalidPackageName as error:
        raise ArgumentTypeError(str(error)) from error


def history_settings() -> Settings:
    """The settings of the environment, with a table of history.

    Raises:
        InvalidSettings: a variable is invalid, or there is no such table.
    """
    settings = Settings.from_environ(os.environ)
    if settings.history_table is None:
        raise InvalidSettings("HISTORY_TABLE is not set: it names the table of history.")
    return settings


@asynccontextmanager
async def open_history(settings: Settings) -> AsyncIterator[HistoryStore]:
    """The history of `history_settings`."""
    store = HistoryStore(open_table(settings, settings.history_table or ""))
    try:
        yield store
    finally:
        await store.aclose()


def progress() -> Progress:
    """A progress bar on stderr; nothing if that is no terminal."""
    console = Console(stderr=True)
    return Progress(console=console, disable=not console.is_terminal)
