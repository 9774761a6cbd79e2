"""`make run CLICKHOUSE=local`: the API with a ClickHouse server that lives as long as the command."""

import re
import signal

import httpx

from tests.clickhouse.asking import ask_at
from tests.commands import running, url_said_by
from tests.dynamodb.test_dynamodb_local import listens
from tools.clickhouse.rows import PACKAGES
from tools.fake_pypistats import FakePypistats
from tools.runtime.machine import Machine

PATIENCE_S = 120


def test_clickhouse_ends_with_command(machine: Machine) -> None:  # noqa: ARG001 - installs it
    with (
        FakePypistats(limits=False) as upstream,
        running("tools.serve", PORT="0", CLICKHOUSE="local", PYPISTATS_URL=upstream.url) as served,
    ):
        assert served.stderr
        assert "Loading" in served.stderr.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+", served.stderr.readline())
        assert found
        packages = ask_at(found[0], "SELECT uniqExact(project) FROM pypi.pypi_downloads")
        assert int(packages.text) == len(PACKAGES)
        health = httpx.get(f"{url_said_by(served)}/health", trust_env=False)
        assert health.status_code == 200
        served.send_signal(signal.SIGTERM)
        assert served.wait(PATIENCE_S) == 143
        assert not listens(found[0])
