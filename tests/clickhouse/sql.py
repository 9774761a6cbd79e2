"""Figures worked out by SQL of the tests' own, on the table with all columns that it needs."""

import json
from collections.abc import Mapping
from typing import Final

from tools.clickhouse.server import ClickHouse

_FINEST: Final = "pypi_downloads_per_day_by_version_by_installer_by_type_by_country"
_BY_PYTHON: Final = "pypi_downloads_per_day_by_version_by_python"
_BY_SYSTEM: Final = "pypi_downloads_per_day_by_version_by_system"

_NO_MIRROR: Final = "installer NOT IN ('bandersnatch','z3c.pypimirror','Artifactory','devpi','')"

CATEGORIES: Final[Mapping[str, tuple[str, str]]] = {
    "version": (_FINEST, "version"),
    "country": (_FINEST, "country_code"),
    "installer": (_FINEST, "installer"),
    "file_type": (_FINEST, "type"),
    "python_major": (_BY_PYTHON, r"extract(python_minor, '^([0-9]+)\\.[0-9]')"),
    "python_minor": (_BY_PYTHON, r"extract(python_minor, '^[0-9]+\\.[0-9]+')"),
    "system": (
        _BY_SYSTEM,
        "multiIf(system IN ('Linux', 'Windows', 'Darwin', ''), system, 'other')",
    ),
}
"""The table and the SQL of each breakdown's categories."""


def sums(server: ClickHouse, by: str, package: str, where: str, *, mirrors: bool) -> dict[str, int]:
    """Downloads by category; an unknown one is `null`. `where` is a further condition."""
    if by == "overall":
        return {
            "with_mirrors": whole(server, package, where, mirrors=True),
            "without_mirrors": whole(server, package, where, mirrors=False),
        }
    table, category = CATEGORIES[by]
    only = "" if mirrors or table != _FINEST else f"AND {_NO_MIRROR}"
    found = _select(
        server,
        f"SELECT {category} AS category, sum(count) FROM {table} "
        f"WHERE project = '{package}' AND {where} {only} GROUP BY category",
    )
    named = {name or "null": int(count) for name, count in found}
    if table != _FINEST:  # as pypistats.org completes them
        named.pop("null", None)
        rest = whole(server, package, where, mirrors=False) - sum(named.values())
        named |= {"null": rest} if rest else {}
    return named


def whole(server: ClickHouse, package: str, where: str, *, mirrors: bool) -> int:
    """All downloads under a condition."""
    only = "" if mirrors else f"AND {_NO_MIRROR}"
    ((count,),) = _select(
        server, f"SELECT sum(count) FROM {_FINEST} WHERE project = '{package}' AND {where} {only}"
    )
    return int(count)


def by_package(server: ClickHouse, where: str) -> dict[str, int]:
    """Downloads of each package, the most downloaded one first."""
    found = _select(
        server,
        f"SELECT project, sum(count) AS downloads FROM {_FINEST} WHERE {where} "
        "GROUP BY project ORDER BY downloads DESC, project",
    )
    return {package: int(count) for package, count in found}


def _select(server: ClickHouse, sql: str) -> list[list[str]]:
    answer = server.execute(f"{sql} FORMAT JSONCompactEachRow", database="pypi")
    return [json.loads(line) for line in answer.splitlines()]
