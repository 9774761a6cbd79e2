"""`python -m tools.footprint`: how much of functions/ a cold fetch of one package passes through.

A new process answers one request to `/packages/{package}` with the FastAPI variant's own handler, over the
stand-in upstream, and every function of functions/ that is entered is counted: without a table, and with an
empty one. Whatever a reader has to follow in order to understand that request is in there.
"""

import datetime as dt
import itertools
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType
from typing import Final, Self

from rich.console import Console
from rich.table import Table

from tools import ROOT, environ
from tools.dynamodb.account import local_account
from tools.dynamodb.moto_server import moto_server
from tools.dynamodb.table import create_table
from tools.fake_pypistats import FakePypistats, data
from tools.fake_pypistats.packages import ALL_OF_PYPI, DOWNLOADS_PER_DAY
from tools.fake_pypistats.window import newest_day

FUNCTIONS: Final = ROOT / "functions"
FIRST_FLOOR: Final = "pulse_io"
"""The folder that is counted apart, too."""

SITUATIONS: Final = {"without a table": False, "with an empty table": True}


@dataclass(frozen=True)
class Footprint:
    """What was entered: distinct files, distinct functions, and how often the file was another one."""

    files: int
    functions: int
    changes_of_file: int

    @classmethod
    def of(cls, entered: Iterable[tuple[str, str]]) -> Self:
        """Count functions, given as file and name in the order in which they were entered."""
        steps = list(entered)
        files = [file for file, _ in steps]
        changes = sum(one != other for one, other in itertools.pairwise(files))
        return cls(len(set(files)), len(set(steps)), changes)


def measure(functions: Path, *, table: bool) -> dict[str, Footprint]:
    """The footprint in the code in this folder, as a whole and of its `pulse_io` alone."""
    with FakePypistats() as upstream, _table(wanted=table) as variables:
        answered = subprocess.run(
            [sys.executable, "-m", "tools.footprint", _complete_package()],
            env=environ(
                PYPISTATS_URL=upstream.url,
                PYTHONPATH=os.pathsep.join([str(functions), str(ROOT)]),
                **variables,
            ),
            stdout=subprocess.PIPE,
            check=True,
        )
    return {part: Footprint(**figures) for part, figures in json.loads(answered.stdout).items()}


def lines(folder: Path) -> int:
    """Lines of Python in a folder and all below it, with comments and blank ones."""
    return sum(len(file.read_text().splitlines()) for file in folder.rglob("*.py"))


def main() -> None:
    """Measure the code in `functions/`, or in the folder that the command line names."""
    if len(sys.argv) > 1 and sys.argv[1] in DOWNLOADS_PER_DAY:
        _answer_one(sys.argv[1])
        return
    functions = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else FUNCTIONS
    table = Table("Cold fetch of one package", title="What it passes through")
    for heading in ("in", "files", "functions", "changes of file"):
        table.add_column(heading, justify="left" if heading == "in" else "right")
    for situation, with_table in SITUATIONS.items():
        for part, figures in measure(functions, table=with_table).items():
            counted = figures.files, figures.functions, figures.changes_of_file
            table.add_row(situation, part, *map(str, counted))
    console = Console()
    console.print(table)
    first_floor = functions / FIRST_FLOOR
    for folder in sorted({file.parent for file in first_floor.rglob("*.py")}):
        console.print(f"{lines(folder):6,} lines in {folder.relative_to(functions)}")


@contextmanager
def _table(*, wanted: bool) -> Iterator[dict[str, str]]:
    """The variables that lead to a table that nobody has used; none if none is wanted."""
    if not wanted:
        yield {"CACHE_TABLE": ""}
        return
    with moto_server() as url:
        yield {**local_account(url), "CACHE_TABLE": create_table(url)}


def _complete_package() -> str:
    """A package with downloads on the newest day: nothing else has to be asked to know which day that is."""
    newest = newest_day(dt.datetime.now(dt.UTC))
    return next(
        name
        for name in DOWNLOADS_PER_DAY
        if name != ALL_OF_PYPI and _has_all(data.rows(name, "overall", newest), newest)
    )


def _has_all(rows: Iterable[data.Row], newest: object) -> bool:
    return sum(row.date == str(newest) for row in rows) == 2  # noqa: PLR2004 - with and without mirrors


def _answer_one(package: str) -> None:
    """In a process of its own: answer one request, and print what was entered as JSON."""
    from fastapi_app.handler import handler  # noqa: PLC0415 - it reads its settings when it is imported

    event = json.loads((ROOT / "events" / "package.json").read_text())
    event["rawPath"] = event["requestContext"]["http"]["path"] = f"/packages/{package}"
    with _tracing() as entered:
        answer = handler(event, None)
    if answer["statusCode"] != 200:  # noqa: PLR2004 - as HTTP has it
        sys.exit(f"the answer was {answer['statusCode']}: {answer['body']}")
    root = Path(sys.modules["fastapi_app"].__file__ or "").parent.parent
    steps = [
        (str(Path(file).relative_to(root)), name)
        for file, name in entered
        if Path(file).is_relative_to(root)
    ]
    first_floor = [step for step in steps if step[0].startswith(f"{FIRST_FLOOR}/")]
    parts = {"functions": steps, FIRST_FLOOR: first_floor}
    print(json.dumps({part: asdict(Footprint.of(found)) for part, found in parts.items()}))


@contextmanager
def _tracing() -> Iterator[list[tuple[str, str]]]:
    """Note each function that is entered, in this thread or a new one; coroutines once, however often they go on."""
    entered: list[tuple[str, str]] = []
    frames: set[FrameType] = set()

    def note(frame: FrameType, event: str, _: object) -> None:
        code = frame.f_code
        # Comprehensions and modules are no functions that a reader goes to.
        if event == "call" and frame not in frames and not code.co_name.startswith("<"):
            frames.add(frame)
            entered.append((code.co_filename, code.co_qualname))

    threading.setprofile(note)
    sys.setprofile(note)
    try:
        yield entered
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


if __name__ == "__main__":
    main()
