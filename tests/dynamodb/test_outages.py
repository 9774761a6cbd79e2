"""The table dies, upstream dies, environments die: whoever asks is still answered."""

import datetime as dt
import os
from contextlib import ExitStack

import pytest

from tests.dynamodb.table_at import TableAt
from tests.http.served import Clock, served
from tools.dynamodb.account import local_account
from tools.dynamodb.local import dynamodb_local
from tools.dynamodb.table import create_table
from tools.fake_pypistats import FakePypistats
from tools.runtime.machine import Machine

PACKAGES = ["requests", "flask", "pulse-debut"]
SHARED = ("CACHE_TABLE", "AWS_REGION", "AWS_ENDPOINT_URL_DYNAMODB")


@pytest.fixture
def clock() -> Clock:
    """At tomorrow's noon: DynamoDB Local deletes at once what has expired by the real clock."""
    noon = dt.datetime.now(dt.UTC).replace(hour=12, minute=0, second=0, microsecond=0)
    return Clock(noon + dt.timedelta(days=1))


def shared() -> dict[str, str]:
    """The variables that lead an environment to the test's table."""
    return {name: os.environ[name] for name in SHARED}


@pytest.mark.usefixtures("table")
def test_when_upstream_dies_new_environments_serve_what_any_had_asked_for(clock: Clock) -> None:
    with (
        FakePypistats(now=clock, limits=False) as upstream,
        served(upstream.url, clock, **shared()) as first,
    ):
        fresh = {name: first.client.get(f"/packages/{name}").json() for name in PACKAGES}
        port = int(upstream.url.rpartition(":")[2])
    with served(f"http://127.0.0.1:{port}", clock, **shared()) as second:
        for name in PACKAGES:
            assert second.client.get(f"/packages/{name}").json() == fresh[name]
    clock.move(days=1)
    with served(f"http://127.0.0.1:{port}", clock, **shared()) as third:
        compared = third.client.get(f"/compare?packages={','.join(PACKAGES)}")
        assert compared.status_code == 200
        assert {entry["status"] for entry in compared.json()["packages"]} == {"stale"}
        for name in PACKAGES:
            answer = third.client.get(f"/packages/{name}")
            assert answer.status_code == 200
            assert answer.json() == {**fresh[name], "stale": True}
        with FakePypistats(port=port, now=clock, limits=False):
            clock.move(seconds=11)
            for name in PACKAGES:
                assert third.client.get(f"/packages/{name}").json()["stale"] is False


def test_when_the_table_dies_upstream_still_answers(
    machine: Machine, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FakePypistats(now=clock, limits=False) as upstream, ExitStack() as table:
        url = table.enter_context(dynamodb_local(machine))
        for name, value in {**local_account(url), "CACHE_TABLE": create_table(url)}.items():
            monkeypatch.setenv(name, value)
        with served(upstream.url, clock, **shared()) as api:
            assert api.client.get("/packages/requests").status_code == 200
            table.close()
            statuses = [api.client.get(f"/packages/{name}").status_code for name in PACKAGES]
            assert statuses == [200] * len(PACKAGES)
            compared = api.client.get(f"/compare?packages={','.join(PACKAGES)},numpy").json()
            assert {entry["status"] for entry in compared["packages"]} == {"ok"}


def test_a_table_of_another_version_is_no_reason_to_fail(table: TableAt, clock: Clock) -> None:
    item = {"key": {"S": "rows#overall#requests"}, "format": {"N": "999"}}
    table.client.put_item(TableName=table.name, Item=item)
    with (
        FakePypistats(now=clock, limits=False) as upstream,
        served(upstream.url, clock, **shared()) as api,
    ):
        assert api.client.get("/packages/requests").status_code == 200
