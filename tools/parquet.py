"""Parquet files of daily downloads, from and to CSV. DuckDB converts them without memory for all rows."""

from pathlib import Path
from typing import Final

import duckdb

TYPES: Final = {
    "package": "VARCHAR",
    "breakdown": "VARCHAR",
    "category": "VARCHAR",
    "date": "DATE",
    "downloads": "BIGINT",
}
"""The columns of an export, in order, with their types."""

SUFFIX: Final = ".parquet"


class NoParquet(ValueError):
    """The file is no Parquet file."""


def to_parquet(csv: Path, parquet: Path) -> None:
    """Convert an export."""
    with duckdb.connect() as connection:
        rows = connection.read_csv(csv, header=True, columns=TYPES, auto_detect=False)
        rows.write_parquet(str(parquet))


def to_csv(parquet: Path, csv: Path) -> None:
    """Convert a Parquet file, whatever its columns are.

    Raises:
        NoParquet: it can't be read; says why.
    """
    try:
        with duckdb.connect() as connection:
            connection.read_parquet(str(parquet), hive_partitioning=False).write_csv(str(csv))
    except duckdb.Error as error:
        raise NoParquet(f"{parquet} can't be read: {error}") from error
