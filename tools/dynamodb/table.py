"""The tables of template.yaml, made in a local DynamoDB."""

import os
import secrets
from typing import TYPE_CHECKING, Any

import boto3
import botocore.session
from botocore.config import Config

from tools.runtime.sam import template

from .account import ACCESS_KEY, REGION

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


def dynamodb_client(endpoint_url: str) -> "DynamoDBClient":
    """A client for the local DynamoDB at this URL, whatever the environment says about AWS."""
    no_file = (None, None, os.devnull, None)
    settings = {
        "profile": (None, None, None, None),
        "config_file": no_file,
        "credentials_file": no_file,
    }
    session = boto3.Session(botocore_session=botocore.session.Session(settings))
    return session.client(
        "dynamodb",
        endpoint_url=endpoint_url,
        region_name=REGION,
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=ACCESS_KEY,
        config=Config(proxies={}),
    )


def create_table(endpoint_url: str, *, expiring: bool = True) -> str:
    """Make the table under a new name; returns that.

    DynamoDB Local deletes items that have expired by the real clock; with `expiring` false it keeps them.
    """
    name = f"cache-{secrets.token_hex(4)}"
    properties: dict[str, Any] = {**template()["Resources"]["CacheTable"]["Properties"]}
    time_to_live = properties.pop("TimeToLiveSpecification")
    client = dynamodb_client(endpoint_url)
    client.create_table(TableName=name, **properties)
    client.get_waiter("table_exists").wait(TableName=name)
    if expiring:
        client.update_time_to_live(TableName=name, TimeToLiveSpecification=time_to_live)
    return name


def create_history_table(endpoint_url: str) -> str:
    """Make the table of history under a new name; returns that."""
    name = f"history-{secrets.token_hex(4)}"
    properties: dict[str, Any] = {**template()["Resources"]["HistoryTable"]["Properties"]}
    # Local tables go with their server.
    del properties["PointInTimeRecoverySpecification"], properties["DeletionProtectionEnabled"]
    client = dynamodb_client(endpoint_url)
    client.create_table(TableName=name, **properties)
    client.get_waiter("table_exists").wait(TableName=name)
    return name
