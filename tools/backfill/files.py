"""Reads files of daily downloads: CSV, and JSON as pypistats.org answers."""

import csv
import json
import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final

from pulse import strict_json
from pulse.series import CSV_HEADER as ANSWER_COLUMNS
from tools.backfill.rows import Expected, Record, Unreadable, date_of, shown
from tools.parquet import TYPES

COLUMNS: Final = tuple(TYPES)

MAX_LINE_BYTES: Final = 65_536

MAX_JSON_BYTES: Final = 64 * 2**20
"""JSON is read as a whole, and takes some ten times its size in memory."""

JSON_SUFFIXES: Final = (".json", ".jsonl")

_DIGITS: Final = re.compile("[0-9]{1,19}")
_SPACE: Final = re.compile(r"\s*")


def records_of(path: Path, file: BinaryIO, expected: Expected) -> Iterator[Record]:
    """The records of a file; JSON is known by its suffix.

    Raises:
        Unreadable: it is neither, too large, or not what is expected.
    """
    read = _json_records if path.suffix in JSON_SUFFIXES else _csv_records
    return read(file, expected)


def _csv_records(file: BinaryIO, expected: Expected) -> Iterator[Record]:
    lines = _csv_lines(file)
    _, columns = next(lines, (1, []))
    _check_columns(columns, expected)
    # The API's answers have 0 for a day without a row, also if upstream lost it.
    is_answer = {*columns} == {*ANSWER_COLUMNS}
    dates: set[str] = set()
    for number, values in lines:
        place = f"line {number}"
        if len(values) != len(columns):
            yield Record(place, error=f"it has {len(values)} values for {len(columns)} columns")
            continue
        cells = dict(zip(columns, values, strict=True))
        count = cells["downloads"]
        dates.add(cells["date"])
        if count == "0" and is_answer:
            continue
        yield Record(
            place,
            cells.get("package"),
            cells.get("breakdown"),
            cells["category"],
            cells["date"],
            int(count) if _DIGITS.fullmatch(count) else count,
        )
    if is_answer:
        _check_period(dates)


def _csv_lines(file: BinaryIO) -> Iterator[tuple[int, list[str]]]:
    """The values of each line that is not blank, with its number."""
    reader = csv.reader(_text_lines(file), strict=True)
    while True:
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise Unreadable(f"line {reader.line_num}: it is not CSV: {error}") from None
        if values:
            yield reader.line_num, values


def _text_lines(file: BinaryIO) -> Iterator[str]:
    """The lines of a UTF-8 file, without a byte order mark."""
    number = 0
    while line := file.readline(MAX_LINE_BYTES + 1):
        number += 1
        if len(line) > MAX_LINE_BYTES:
            raise Unreadable(f"line {number}: it has more than {MAX_LINE_BYTES:,} bytes")
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError:
            raise Unreadable(f"line {number}: it is not UTF-8") from None


def _check_columns(columns: Sequence[str], expected: Expected) -> None:
    if len({*columns}) < len(columns) or not {*columns} <= {*COLUMNS}:
        names, found = ", ".join(COLUMNS), shown(",".join(columns))
        raise Unreadable(f"line 1: the columns must be {names}, in any order; it is {found}")
    given = {name for name, value in expected._asdict().items() if value}
    if missing := [name for name in COLUMNS if name not in {*columns, *given}]:
        options = " ".join(f"--{name}" for name in missing if name in expected._fields)
        advice = f"; or give {options}" if options else ""
        raise Unreadable(f"line 1: these columns are missing: {', '.join(missing)}{advice}")


def _check_period(dates: Collection[str]) -> None:
    """The API also has answers with weeks and months, named by their first days."""
    days = [day for day in map(date_of, dates) if day]
    for period, is_first in (
        ("weeks", all(day.isoweekday() == 1 for day in days)),
        ("months", all(day.day == 1 for day in days)),
    ):
        if is_first and len(days) > 1:
            raise Unreadable(f"the file: it seems to have {period}; ask the API with period=day")


def _json_records(file: BinaryIO, expected: Expected) -> Iterator[Record]:
    for number, document in enumerate(_documents(file), 1):
        fields = document if isinstance(document, dict) else {}
        kind, rows = fields.get("type"), fields.get("data")
        source = fields.get("source", expected.source)
        if not isinstance(kind, str) or not isinstance(rows, list):
            error = "it is no answer of pypistats.org, with package, type and a list of data"
            yield Record(f"document {number}", error=error)
        elif source != expected.source:
            error = f"its source is {shown(source)}; see --source"
            yield Record(f"document {number}", error=error)
        else:
            breakdown = kind.removesuffix("_downloads")
            for row_number, row in enumerate(rows, 1):
                place = f"document {number}, row {row_number}"
                yield _json_record(place, fields.get("package"), breakdown, row)


def _json_record(place: str, package: object, breakdown: str, row: object) -> Record:
    if not isinstance(row, dict) or not {"category", "date", "downloads"} <= row.keys():
        return Record(place, error="it lacks category, date or downloads")
    return Record(place, package, breakdown, row["category"], row["date"], row["downloads"])


def _documents(file: BinaryIO) -> Iterator[Any]:
    """The documents of a file: one, or several one after another; those of a list one by one."""
    content = file.read(MAX_JSON_BYTES + 1)
    if len(content) > MAX_JSON_BYTES:
        raise Unreadable(f"the file: it has more than {MAX_JSON_BYTES:,} bytes; split it")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Unreadable(f"line {line}: it is not UTF-8") from None
    start = _after_space(text, 0)
    while True:
        try:
            value, end = strict_json.DECODER.raw_decode(text, start)
        except json.JSONDecodeError as error:
            raise Unreadable(f"line {error.lineno}: it is not JSON: {error.msg}") from None
        except (ValueError, RecursionError) as error:
            line = text.count("\n", 0, start) + 1
            raise Unreadable(f"line {line}: the document here is not JSON: {error}") from None
        yield from value if isinstance(value, list) else [value]
        start = _after_space(text, end)
        if start == len(text):
            return


def _after_space(text: str, start: int) -> int:
    found = _SPACE.match(text, start)
    return found.end() if found else start
