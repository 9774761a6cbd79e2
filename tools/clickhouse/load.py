"""Makes ClickPy's tables in a server, and loads invented downloads."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from itertools import islice
from typing import Final

from tools.clickhouse.rows import COUNTRIES, PACKAGES, Row, rows
from tools.clickhouse.schema import COLUMNS, selections, statements
from tools.clickhouse.server import DATABASE, ClickHouse

_STAGING: Final = "staging"
_CHUNK_ROWS: Final = 1_000

MANY_DAYS: Final = 3650
"""The days over which `load_many` spreads downloads."""


def create_tables(server: ClickHouse, database: str = DATABASE) -> None:
    """Make the database with all tables and views, empty apart from the names of countries."""
    server.execute(f"CREATE DATABASE {database}")
    for statement in statements():
        server.execute(statement, database=database)
    countries = (f"{name}\t{code}\n".encode() for code, (name, _) in COUNTRIES.items())
    server.execute("INSERT INTO countries FORMAT TabSeparated", database=database, data=countries)


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
    next day keeps. With `incomplete`, the newest day has only a tenth of its downloads.
    """
    create_tables(server, database)
    invented = rows(packages, newest, incomplete=incomplete)
    load_sums(server, invented, database, now=_day_after(newest))


def load_sums(
    server: ClickHouse, invented: Iterable[Row], database: str = DATABASE, now: str = "now()"
) -> None:
    """Put what the views would make of these downloads at the moment `now` into their tables."""
    _make_staging(server, database)
    server.execute(
        f"INSERT INTO {_STAGING} FORMAT TabSeparated", database=database, data=_lines(invented)
    )
    _sum_up(server, database, now)


def load_many(
    server: ClickHouse,
    downloads: int,
    newest: date,
    packages: Sequence[str] = PACKAGES[:50],
    database: str = DATABASE,
) -> None:
    """Make all tables, and fill them with so many downloads, made by the server for benchmarks.

    They agree with no other source: the same number for each package and day of ten years, the rest at random.
    """
    create_tables(server, database)
    _make_staging(server, database)
    columns = {
        "project": f"{list(packages)}[number % {len(packages)} + 1]",
        "date": f"toDate('{newest}') - intDiv(number, {len(packages)}) % {MANY_DAYS}",
        "version": "concat(toString(1 + random % 3), '.', toString(intDiv(random, 8) % 8), '.0')",
        "country_code": f"{list(COUNTRIES)}[intDiv(random, 64) % {len(COUNTRIES)} + 1]",
        "type": "if(intDiv(random, 1024) % 8 > 0, 'bdist_wheel', 'sdist')",
        "installer": "['pip', 'pip', 'uv', 'bandersnatch'][intDiv(random, 8192) % 4 + 1]",
        "python_minor": "concat('3.', toString(8 + intDiv(random, 32768) % 6))",
        "system": "['Linux', 'Linux', 'Darwin', 'Windows'][intDiv(random, 262144) % 4 + 1]",
        "downloads": "1",
    }
    server.execute(
        f"INSERT INTO {_STAGING} ({', '.join(columns)}) WITH cityHash64(number) AS random "
        f"SELECT {', '.join(columns.values())} FROM numbers({downloads})",
        database=database,
    )
    _sum_up(server, database, _day_after(newest))


def _make_staging(server: ClickHouse, database: str) -> None:
    columns = ", ".join(f"{name} {COLUMNS.get(name, 'Int64')}" for name in Row._fields)
    server.execute(f"CREATE TABLE {_STAGING} ({columns}) ENGINE = Memory", database=database)


def _sum_up(server: ClickHouse, database: str, now: str) -> None:
    """Fill the tables with sums of what is staged, and drop that."""
    for table, selection in selections(_STAGING, "sum(downloads)", now).items():
        # Nothing is left to be summed up when it is inserted.
        summed = "SETTINGS optimize_on_insert = 0"
        server.execute(f"INSERT INTO {table} {selection} {summed}", database=database)
    server.execute(f"DROP TABLE {_STAGING}", database=database)


def _day_after(newest: date) -> str:
    """The SQL of the day on which a load has the newest day."""
    return f"toDate('{newest + timedelta(days=1)}')"


def _lines(invented: Iterable[Row]) -> Iterator[bytes]:
    """Rows as TabSeparated, in chunks."""
    left = iter(invented)
    while chunk := list(islice(left, _CHUNK_ROWS)):
        lines = ("\t".join((*row[:-1], str(row.downloads))) for row in chunk)
        yield "".join(f"{line}\n" for line in lines).encode()
