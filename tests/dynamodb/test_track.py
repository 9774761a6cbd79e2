"""`make track`: which packages are tracked, in a table and in the table of a stack."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import boto3
import pytest

from tests.commands import DEAD_PROXY
from tests.dynamodb.table_at import TableAt
from tools import environ
from tools.dynamodb.account import local_account
from tools.dynamodb.table import create_history_table

Track = Callable[..., subprocess.CompletedProcess[str]]

STACK = {
    "Parameters": {"TrackedPackages": {"Type": "String"}},
    "Resources": {
        "HistoryTable": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [
                    {"AttributeName": "series", "AttributeType": "S"},
                    {"AttributeName": "month", "AttributeType": "S"},
                ],
                "KeySchema": [
                    {"AttributeName": "series", "KeyType": "HASH"},
                    {"AttributeName": "month", "KeyType": "RANGE"},
                ],
            },
        }
    },
    "Outputs": {"HistoryTableName": {"Value": {"Ref": "HistoryTable"}}},
}


def run(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tools.track", *arguments],
        env=environ(**DEAD_PROXY, **settings),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def table(dynamodb_local_url: str) -> TableAt:
    return TableAt(dynamodb_local_url, create_history_table(dynamodb_local_url))


@pytest.fixture
def track(table: TableAt) -> Track:
    """The command with this table, and `flask` in the parameter."""

    def tracking(*arguments: str) -> subprocess.CompletedProcess[str]:
        own = {"HISTORY_TABLE": table.name, "TRACKED_PACKAGES": "flask"}
        return run(*arguments, **local_account(table.url), **own)

    return tracking


def tracked(table: TableAt) -> list[str]:
    found = table.client.scan(TableName=table.name)["Items"]
    return sorted(item["month"]["S"] for item in found if item["series"]["S"] == "tracked")


def put(table: TableAt, **attributes: Any) -> None:  # noqa: ANN401 - an item's value
    table.client.put_item(TableName=table.name, Item=attributes)


def test_adding_and_removing(track: Track, table: TableAt) -> None:
    added = track("Typing_Extensions httpx", "requests,httpx")
    assert added.stdout == (
        "Tracked from the collector's next run on: httpx, requests, typing-extensions.\n"
    )
    assert tracked(table) == ["httpx", "requests", "typing-extensions"]

    removed = track("--remove", "httpx numpy")
    assert removed.stdout == "No longer tracked: httpx.\nNot tracked: numpy.\n"
    assert tracked(table) == ["requests", "typing-extensions"]
    assert track("requests").stdout == "Already tracked: requests.\n"


def test_list_names_place_and_progress(track: Track, table: TableAt) -> None:
    track("requests flask no-such")
    for package, unknown in {"requests": {}, "no-such": {"unknown": {"BOOL": True}}}.items():
        key = {"series": {"S": "collected"}, "month": {"S": package}}
        put(table, **key, as_of={"S": "2026-11-25"}, **unknown)

    rows = [line.split("  ") for line in track().stdout.splitlines()]
    assert [[cell.strip() for cell in row if cell] for row in rows] == [
        ["package", "tracked by", "collected until"],
        ["flask", "TrackedPackages, make track", "not yet"],
        ["no-such", "make track", "2026-11-25: unknown to pypistats.org"],
        ["requests", "make track", "2026-11-25"],
    ]


@pytest.mark.parametrize("options", [[], ["--remove"]])
def test_wrong_names_change_nothing(track: Track, table: TableAt, options: list[str]) -> None:
    refused = track(*options, "--", "requests -httpx", "socks[5]")
    assert refused.returncode == 1
    assert [line.partition(":")[0] for line in refused.stderr.splitlines()] == [
        "'-httpx'",
        "'socks[5]'",
        "Nothing was changed.",
    ]
    assert tracked(table) == []


def test_parameter_is_not_changed(track: Track, table: TableAt) -> None:
    track("requests")
    refused = track("--remove", "requests", "flask")
    assert refused.returncode == 1
    assert refused.stderr.startswith("flask: in the parameter TrackedPackages")
    assert tracked(table) == ["requests"]


def test_removing_needs_names(track: Track) -> None:
    refused = track("--remove", "")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "which packages?" in refused.stderr


def test_missing_table_is_one_line(table: TableAt) -> None:
    failed = run(HISTORY_TABLE="no-such-table", **local_account(table.url))
    assert failed.returncode == 1
    assert re.fullmatch(r"The table can't be used: TableNotFound.*\n", failed.stderr)


def test_table_of_a_stack_is_found(moto_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    account = {**local_account(moto_url), "AWS_ENDPOINT_URL": moto_url, "HISTORY_TABLE": ""}
    for name, value in account.items():
        monkeypatch.setenv(name, value)
    boto3.client("cloudformation").create_stack(
        StackName="pypi-pulse-dev",
        TemplateBody=json.dumps(STACK),
        Parameters=[{"ParameterKey": "TrackedPackages", "ParameterValue": "flask,httpx"}],
    )
    assert run("--environment", "dev", "requests").returncode == 0
    listed = run("--environment", "dev").stdout
    assert [line.split("  ")[0] for line in listed.splitlines()] == [
        "package",
        "flask",
        "httpx",
        "requests",
    ]
    missing = run("--environment", "prod")
    assert missing.returncode == 1
    assert "pypi-pulse-prod" in missing.stderr
    unknown = run("--environment", "production")
    assert "no environment 'production'; it has default, dev, prod, local" in unknown.stderr
