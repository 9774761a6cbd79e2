"""A table for one test, in one of the two local DynamoDBs."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tools.dynamodb.table import dynamodb_client

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True)
class TableAt:
    """A table's address and name."""

    url: str
    name: str

    @property
    def client(self) -> "DynamoDBClient":
        """A boto3 client for the table's DynamoDB."""
        return dynamodb_client(self.url)
