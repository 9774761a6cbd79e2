"""`python -m tools.copy_items SOURCE TARGET`: copy all items of one DynamoDB table into another.

It brings back history that was restored to a table of its own. Items of the target with the same key are
replaced; none is deleted. Region, credentials and endpoint are those of AWS's SDKs.
"""

import argparse
import os
import sys

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from tools import without_proxies_for_loopback

PROGRESS_EVERY = 10_000
"""Items between two lines of progress."""


def copy_items(source: str, target: str) -> int:
    """Copy the items; returns how many.

    Raises:
        ClientError, BotoCoreError: AWS refused, such as for a table that does not exist. Repeating the copy
            completes it.
    """
    # boto3 itself does not read AWS_REGION.
    dynamodb = boto3.resource("dynamodb", region_name=os.environ.get("AWS_REGION"))
    pages = dynamodb.meta.client.get_paginator("scan").paginate(
        TableName=source, ConsistentRead=True
    )
    copied = 0
    with dynamodb.Table(target).batch_writer() as batch:
        for page in pages:
            for item in page["Items"]:
                batch.put_item(Item=item)
                copied += 1
                if copied % PROGRESS_EVERY == 0:
                    print(f"{copied:,} items", file=sys.stderr, flush=True)
    return copied


def main() -> int:
    """Return 0 once all items are copied, else 1 with the reason on stderr."""
    parser = argparse.ArgumentParser(prog="python -m tools.copy_items", description=__doc__)
    parser.add_argument("source", help="the name of the table to copy from, such as a restored one")
    parser.add_argument("target", help="the name of the table to copy into")
    asked = parser.parse_args()
    os.environ.update(without_proxies_for_loopback(os.environ))
    try:
        copied = copy_items(asked.source, asked.target)
    except (BotoCoreError, ClientError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{copied:,} items copied from {asked.source} to {asked.target}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
