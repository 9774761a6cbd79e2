"""How much code a reader follows for a cold fetch of one package: files, functions, changes of file.

`pytest tests/dynamodb/test_footprint.py -rP` prints what is measured.
"""

import datetime as dt
import itertools
import json
import subprocess
import sys
from typing import NamedTuple

import pytest

from tools import environ
from tools.dynamodb.account import local_account
from tools.dynamodb.table import create_table
from tools.fake_pypistats import FakePypistats, data
from tools.fake_pypistats.packages import ALL_OF_PYPI, DOWNLOADS_PER_DAY
from tools.fake_pypistats.window import newest_day


class Footprint(NamedTuple):
    """Distinct files, distinct functions, and how often the next function is in another file."""

    files: int
    functions: int
    changes_of_file: int


MOST = {
    "no table": {"functions": Footprint(42, 170, 135), "pulse_io": Footprint(18, 95, 80)},
    "table": {"functions": Footprint(48, 210, 200), "pulse_io": Footprint(24, 130, 130)},
}
"""Somewhat more than measured. Changes of file have more room: on a busy machine a call may wait twice."""


def footprint(entered: list[list[str]]) -> Footprint:
    files = [file for file, _ in entered]
    changes = sum(one != other for one, other in itertools.pairwise(files))
    return Footprint(len(set(files)), len({tuple(step) for step in entered}), changes)


def complete_package() -> str:
    """A package with downloads on the newest day, so that `__all__` is not fetched too."""
    newest = newest_day(dt.datetime.now(dt.UTC))
    return next(
        name
        for name in DOWNLOADS_PER_DAY
        if name != ALL_OF_PYPI
        and sum(row.date == str(newest) for row in data.rows(name, "overall", newest)) == 2
    )


@pytest.mark.parametrize("situation", MOST)
def test_cold_fetch(moto_url: str, situation: str) -> None:
    table = {"CACHE_TABLE": ""}
    if situation == "table":
        table = {**local_account(moto_url), "CACHE_TABLE": create_table(moto_url)}
    with FakePypistats() as upstream:
        traced = subprocess.run(
            [sys.executable, "-m", "tests.dynamodb.traced_request", complete_package()],
            env=environ(PYPISTATS_URL=upstream.url, **table),
            stdout=subprocess.PIPE,
            check=True,
        )
    entered = json.loads(traced.stdout)
    for part, most in MOST[situation].items():
        measured = footprint([step for step in entered if f"/{part}/" in step[0]])
        print(f"{situation}, {part}: {measured}")  # noqa: T201 - see above
        assert all(0 < one <= limit for one, limit in zip(measured, most, strict=True))
