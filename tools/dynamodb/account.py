"""An AWS account that is none: what clients of a local DynamoDB are told by environment variables."""

from typing import Final

HOST: Final = "127.0.0.1"
REGION: Final = "eu-central-1"
ACCESS_KEY: Final = "local"
"""Both parts of it. Nothing local looks at a signature, but every client wants to make one."""


def local_account(endpoint_url: str) -> dict[str, str]:
    """The variables that lead AWS's SDKs, and ours, to the DynamoDB at this URL."""
    return {
        "AWS_ENDPOINT_URL_DYNAMODB": endpoint_url,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": ACCESS_KEY,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
