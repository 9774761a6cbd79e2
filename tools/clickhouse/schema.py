"""ClickPy's tables, as statements: one row per download in `pypi`, sums of them elsewhere, filled by views.

The statements name no database; the request that runs them does.
"""

from collections.abc import Iterator
from typing import Final

RAW: Final = "pypi"
"""One row for each download."""

COLUMNS: Final[dict[str, str]] = {
    "date": "Date",
    "country_code": "LowCardinality(String)",
    "project": "String",
    "type": "LowCardinality(String)",
    "installer": "LowCardinality(String)",
    "python_minor": "LowCardinality(String)",
    "system": "LowCardinality(String)",
    "version": "String",
}
"""Those of `RAW` with their types. A value that nobody sent is ''."""

_BY_VERSION: Final = "pypi_downloads_per_day_by_version"

SUMS: Final[dict[str, tuple[str, ...]]] = {
    "pypi_downloads": ("project",),
    "pypi_downloads_by_version": ("project", "version"),
    "pypi_downloads_per_day": ("project", "date"),
    _BY_VERSION: ("project", "version", "date"),
    f"{_BY_VERSION}_by_country": ("project", "version", "date", "country_code"),
    f"{_BY_VERSION}_by_file_type": ("project", "version", "date", "type"),
    f"{_BY_VERSION}_by_python": ("project", "version", "date", "python_minor"),
    f"{_BY_VERSION}_by_system": ("project", "version", "date", "system"),
    f"{_BY_VERSION}_by_installer_by_type": ("project", "version", "date", "installer", "type"),
    f"{_BY_VERSION}_by_installer_by_type_by_country": (
        *("project", "version", "date", "country_code", "installer", "type"),
    ),
    f"{_BY_VERSION}_by_python_by_country": (
        *("project", "version", "date", "country_code", "python_minor"),
    ),
    f"{_BY_VERSION}_by_system_by_country": (
        *("project", "version", "date", "country_code", "system"),
    ),
}
"""The columns of each table that counts downloads, beside `count`."""

_KEYS: Final[dict[str, tuple[str, ...]]] = {
    # ClickPy leaves the type out: rows that differ by it alone are merged into one.
    f"{_BY_VERSION}_by_installer_by_type": ("project", "version", "date", "installer"),
}
"""The keys that are not all columns."""

PER_MONTH: Final = "pypi_downloads_per_month"
MAX_MIN: Final = "pypi_downloads_max_min"


def selections(source: str, count: str, now: str = "now()") -> dict[str, str]:
    """For each derived table, the query that makes its rows of `source`'s.

    `source` has `RAW`'s columns; `count` is an aggregate that tells how many downloads rows are, such as `count()`.
    At the moment `now`, an expression, months of the last half a year are kept.
    """
    sums = {
        table: f"SELECT {', '.join(columns)}, {count} AS count FROM {source} GROUP BY {', '.join(columns)}"
        for table, columns in SUMS.items()
    }
    month = (
        f"SELECT toStartOfMonth(date) AS month, project, {count} AS count FROM {source} "
        f"WHERE date > toStartOfMonth({now}) - INTERVAL 6 MONTH GROUP BY month, project"
    )
    max_min = (
        "SELECT project, maxSimpleState(date) AS max_date, minSimpleState(date) AS min_date "
        f"FROM {source} GROUP BY project"
    )
    return {**sums, PER_MONTH: month, MAX_MIN: max_min}


def statements() -> Iterator[str]:
    """Those that make all tables and views, in order."""
    raw = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
    yield (
        f"CREATE TABLE {RAW} ({raw}) ENGINE = MergeTree "
        "ORDER BY (project, date, version, country_code, python_minor, system)"
    )
    for table, columns in SUMS.items():
        typed = ", ".join(f"{name} {COLUMNS[name]}" for name in columns)
        key = ", ".join(_KEYS.get(table, columns))
        yield (
            f"CREATE TABLE {table} ({typed}, count Int64) ENGINE = SummingMergeTree ORDER BY ({key})"
        )
    yield (
        f"CREATE TABLE {PER_MONTH} (month Date, project String, count Int64) "
        "ENGINE = SummingMergeTree ORDER BY (month, project)"
    )
    yield (
        f"CREATE TABLE {MAX_MIN} (project String, max_date SimpleAggregateFunction(max, Date), "
        "min_date SimpleAggregateFunction(min, Date)) ENGINE = AggregatingMergeTree ORDER BY project"
    )
    for table, selection in selections(RAW, "count()").items():
        yield f"CREATE MATERIALIZED VIEW {table}_mv TO {table} AS {selection}"
    # ClickPy's has 37 columns of metadata.
    yield (
        "CREATE TABLE projects (name String, version String, upload_time DateTime64, requires_python String, "
        "summary String) ENGINE = MergeTree ORDER BY name"
    )
    yield "CREATE TABLE countries (name String, code String) ENGINE = MergeTree ORDER BY code"
