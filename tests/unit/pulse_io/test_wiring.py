"""Which parts are opened and imported for which settings."""

import json
import subprocess
import sys

import pytest

from tools import ROOT

_OPEN = """
import json, sys
from pulse_io.settings import Settings
from pulse_io.wiring import open_catalogues
catalogues = open_catalogues(Settings.from_environ(json.loads(sys.argv[1])))
ours = [name for name in sys.modules if "clickhouse" in name or "queue" in name and "pulse" in name]
print(json.dumps([catalogues.has_clickhouse, sorted(ours), "aiodynamo" in sys.modules]))
"""
TABLE = {"CACHE_TABLE": "cache", "AWS_REGION": "eu-central-1"}
URL = {"CLICKHOUSE_URL": "http://127.0.0.1:9"}


def opened(environ: dict[str, str]) -> tuple[bool, list[str], bool]:
    """Whether there is ClickHouse, its modules that were imported, and whether the table's client was."""
    done = subprocess.run(
        [sys.executable, "-c", _OPEN, json.dumps(environ)],
        cwd=ROOT / "functions",
        capture_output=True,
        check=True,
    )
    has_clickhouse, modules, has_table = json.loads(done.stdout)
    return has_clickhouse, modules, has_table


@pytest.mark.parametrize("table", [{}, TABLE], ids=["no table", "table"])
def test_clickhouse_is_imported_only_if_it_is_on(table: dict[str, str]) -> None:
    """It would slow down a cold start."""
    assert opened(table) == (False, [], bool(table))


def test_queue_is_in_memory_without_a_table() -> None:
    has_clickhouse, modules, has_table = opened(URL)
    assert has_clickhouse
    assert "pulse_io.sources.local_queue" in modules
    assert "pulse_io.sources.shared_queue" not in modules
    assert not has_table


@pytest.mark.parametrize("more", [{}, {"CACHE": "off"}], ids=["cache", "no cache"])
def test_queue_is_shared_with_a_table(more: dict[str, str]) -> None:
    _, modules, has_table = opened(URL | TABLE | more)
    assert ("pulse_io.sources.shared_queue" in modules) == has_table == (not more)
