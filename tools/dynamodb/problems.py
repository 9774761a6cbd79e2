"""What keeps DynamoDB Local from running here."""

from tools.runtime.problems import NeedError


class DynamoDBLocalError(NeedError):
    """DynamoDB Local, or the npm or Java that it needs, can't be had here; or it did not start."""
