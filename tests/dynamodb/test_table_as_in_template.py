"""What the tests of this folder stand on: both local DynamoDBs have the template's table and keep its rules."""

import pytest
from botocore.exceptions import ClientError

from tests.dynamodb.table_at import TableAt


def test_its_key_and_its_price_are_the_templates(table: TableAt) -> None:
    described = table.client.describe_table(TableName=table.name)["Table"]
    assert described["KeySchema"] == [{"AttributeName": "key", "KeyType": "HASH"}]
    assert described["AttributeDefinitions"] == [{"AttributeName": "key", "AttributeType": "S"}]
    assert described["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"


def test_its_items_expire_by_the_templates_attribute(table: TableAt) -> None:
    description = table.client.describe_time_to_live(TableName=table.name)
    assert description["TimeToLiveDescription"] == {
        "TimeToLiveStatus": "ENABLED",
        "AttributeName": "expires_at",
    }


def test_a_condition_that_does_not_hold_keeps_the_item_as_it_was(table: TableAt) -> None:
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


def test_no_test_sees_the_items_of_another(table: TableAt) -> None:
    assert table.client.scan(TableName=table.name)["Count"] == 0
