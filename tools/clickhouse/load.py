"""Makes ClickPy's tables in a server, and loads the invented rows."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from itertools import islice
from typing import Final

from tools.clickhouse.rows import COUNTRIES, PACKAGES, Row, rows
from tools.clickhouse.schema import COLUMNS, selections, statements
from tools.clickhouse.server import DATABASE, ClickHouse

_STAGING: Final = "staging"
_CHUNK_ROWS: Final = 10_000


def create_tables(server: ClickHouse, database: str = DATABASE) -> None:
    """Make the database with all tables and views, empty."""
    server.execute(f"CREATE DATABASE {database}")
    for statement in statements():
        server.execute(statement, database=database)


def load(
    server: ClickHouse,
    newest: date,
    packages: Iterable[str] = PACKAGES,
    *,
    incomplete: bool = False,
    database: str = DATABASE,
) -> None:
    """Make all tables, and fill those that ClickPy's views fill with the invented downloads until `newest`.

    The table of single downloads stays empty: there would be billions. The months are those that a load on the
    next day keeps. With `incomplete`, the newest day has only a
    part of its rows.
    """
    create_tables(server, database)
    countries = (f"{name}\t{code}\n".encode() for code, (name, _) in COUNTRIES.items())
    server.execute("INSERT INTO countries FORMAT TabSeparated", database=database, data=countries)
    loaded_on = f"toDate('{newest + timedelta(days=1)}')"
    load_sums(server, rows(packages, newest, incomplete=incomplete), database, now=loaded_on)


def load_sums(
    server: ClickHouse, invented: Iterable[Row], database: str = DATABASE, now: str = "now()"
) -> None:
    """Put what the views would make of these downloads at the moment `now` into their tables."""
    columns = ", ".join(f"{name} {COLUMNS.get(name, 'Int64')}" for name in Row._fields)
    server.execute(f"CREATE TABLE {_STAGING} ({columns}) ENGINE = Memory", database=database)
    server.execute(
        f"INSERT INTO {_STAGING} FORMAT TabSeparated", database=database, data=_lines(invented)
    )
    for table, selection in selections(_STAGING, "sum(downloads)", now).items():
        # Nothing is left to be summed up when it is inserted.
        summed = "SETTINGS optimize_on_insert = 0"
        server.execute(f"INSERT INTO {table} {selection} {summed}", database=database)
    server.execute(f"DROP TABLE {_STAGING}", database=database)


def _lines(invented: Iterable[Row]) -> Iterator[bytes]:
    """Rows as TabSeparated, in chunks."""
    left = iter(invented)
    while chunk := list(islice(left, _CHUNK_ROWS)):
        yield "".join("\t".join(map(str, row)) + "\n" for row in chunk).encode()
