"""A table for one test, in one of the two local DynamoDBs."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.dynamodb.table import dynamodb_client

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True)
class TableAt:
    """Where it is and what it is called."""

    url: str
    name: str

    @property
    def client(self) -> "DynamoDBClient":
        """boto3's client for the DynamoDB that it is in."""
        return dynamodb_client(self.url)
