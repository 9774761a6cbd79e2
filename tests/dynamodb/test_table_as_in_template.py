"""Premises of this folder's tests: both local DynamoDBs have the template's table and behave alike."""

import pytest
from botocore.exceptions import ClientError

from tests.dynamodb.table_at import TableAt


def test_key_and_billing_match_template(table: TableAt) -> None:
    described = table.client.describe_table(TableName=table.name)["Table"]
    assert described["KeySchema"] == [{"AttributeName": "key", "KeyType": "HASH"}]
    assert described["AttributeDefinitions"] == [{"AttributeName": "key", "AttributeType": "S"}]
    assert described["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"


def test_expiry_attribute_matches_template(table: TableAt) -> None:
    description = table.client.describe_time_to_live(TableName=table.name)
    assert description["TimeToLiveDescription"] == {
        "TimeToLiveStatus": "ENABLED",
        "AttributeName": "expires_at",
    }


def test_failed_condition_keeps_item(table: TableAt) -> None:
    def put(value: str) -> None:
        table.client.put_item(
            TableName=table.name,
            Item={"key": {"S": "lease"}, "holder": {"S": value}},
            ConditionExpression="attribute_not_exists(#key)",
            ExpressionAttributeNames={"#key": "key"},
        )

    put("first")
    with pytest.raises(ClientError, match="ConditionalCheckFailedException"):
        put("second")
    found = table.client.get_item(TableName=table.name, Key={"key": {"S": "lease"}})
    assert found["Item"]["holder"] == {"S": "first"}


def test_table_starts_empty(table: TableAt) -> None:
    assert table.client.scan(TableName=table.name)["Count"] == 0
