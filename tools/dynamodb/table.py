"""The tables of template.yaml, made in a local DynamoDB."""

import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import boto3
import yaml
from botocore.config import Config

from tools import ROOT

from .account import ACCESS_KEY, REGION

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

TEMPLATE: Final = ROOT / "template.yaml"
CACHE_TABLE: Final = "CacheTable"
HISTORY_TABLE: Final = "HistoryTable"

_NO_PROXIES: Final = Config(proxies={})  # what is on the loopback is asked directly


class _Template(yaml.SafeLoader):
    """YAML with CloudFormation's functions (`!Ref`), which are read as None."""


_Template.add_multi_constructor("!", lambda _loader, _suffix, _node: None)


def table_properties(template: Path = TEMPLATE, logical_id: str = CACHE_TABLE) -> dict[str, Any]:
    """The properties of a table, under the names that DynamoDB's API has for them too."""
    resources = yaml.load(template.read_text(), _Template)["Resources"]  # noqa: S506 - it is a SafeLoader
    properties: dict[str, Any] = resources[logical_id]["Properties"]
    return properties


def dynamodb_client(endpoint_url: str) -> "DynamoDBClient":
    """A client for the local DynamoDB at this URL, whatever the environment says about AWS."""
    return boto3.client(
        "dynamodb",
        endpoint_url=endpoint_url,
        region_name=REGION,
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=ACCESS_KEY,
        config=_NO_PROXIES,
    )


def create_table(endpoint_url: str, name: str | None = None, *, expiring: bool = True) -> str:
    """Make the table, ready for use, under this name or one that nobody has; returns its name.

    DynamoDB Local deletes at once what has expired by the real clock: whoever has another wants it not
    to be `expiring`.
    """
    name = name or f"cache-{secrets.token_hex(4)}"
    properties = table_properties()
    time_to_live = properties.pop("TimeToLiveSpecification")
    client = dynamodb_client(endpoint_url)
    client.create_table(TableName=name, **properties)
    client.get_waiter("table_exists").wait(TableName=name)
    if expiring:
        client.update_time_to_live(TableName=name, TimeToLiveSpecification=time_to_live)
    return name


def create_history_table(endpoint_url: str, name: str | None = None) -> str:
    """Make the table of history under this name, or one that nobody has; returns its name."""
    name = name or f"history-{secrets.token_hex(4)}"
    properties = table_properties(logical_id=HISTORY_TABLE)
    # Local ones go with their server.
    del properties["PointInTimeRecoverySpecification"], properties["DeletionProtectionEnabled"]
    client = dynamodb_client(endpoint_url)
    client.create_table(TableName=name, **properties)
    client.get_waiter("table_exists").wait(TableName=name)
    return name
