"""The emulated account: where it answers, credentials that are worth nothing, and what is in it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

from tools import without_proxies_for_loopback

REGION: Final = "us-east-1"  # as samconfig.toml has it for `local`
ROOT_KEY: Final = "test"
"""Both halves of the credentials with every right; others have the rights that IAM grants them."""

SAMS_OWN: Final = "aws-sam-cli-managed-default"
"""The stack with the bucket that `sam deploy` puts artifacts into; it serves all stacks."""

_LISTED: Final = (
    ("cloudformation", "describe_stacks", "Stacks", "StackName"),
    ("lambda", "list_functions", "Functions", "FunctionName"),
    ("dynamodb", "list_tables", "TableNames", None),
    ("apigatewayv2", "get_apis", "Items", "Name"),
    ("logs", "describe_log_groups", "logGroups", "logGroupName"),
    ("iam", "list_roles", "Roles", "RoleName"),
    ("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
    ("events", "list_rules", "Rules", "Name"),
    ("sqs", "list_queues", "QueueUrls", None),
)
"""Service, operation, the list in its answer, and what names an entry."""


@dataclass(frozen=True)
class Account:
    """An account of the emulator. `url` is its endpoint for all services, without a slash at the end."""

    url: str
    access_key: str = ROOT_KEY
    secret_key: str = ROOT_KEY
    token: str | None = None

    def client(self, service: str) -> Any:  # noqa: ANN401 - boto3 makes its clients' classes at run time
        """A boto3 client, which asks no proxy."""
        make: Any = boto3.client  # whose overloads want a literal
        return make(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            aws_session_token=self.token,
            config=Config(proxies={}),
        )

    def api_url(self, deployed_url: str) -> str:
        """A deployed API's URL as the emulator also takes it, with the API's id in the path.

        At its own URL, with the id in the host name, the emulator answers `/health` itself.
        """
        api = (urlsplit(deployed_url).hostname or "").partition(".")[0]
        return f"{self.url}/_aws/execute-api/{api}/$default"

    def environ(self, environ: Mapping[str, str]) -> dict[str, str]:
        """This environment for AWS's tools, with all that names another account, profile or endpoint removed."""
        kept = {name: value for name, value in environ.items() if not name.startswith("AWS_")}
        return {
            **kept,
            **without_proxies_for_loopback(environ),
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_REGION": REGION,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def resources(self) -> list[str]:
        """What the account has, as `service name`, except SAM's own stack."""
        found = [
            (service, entry[name] if name else entry)
            for service, operation, entries, name in _LISTED
            for entry in getattr(self.client(service), operation)().get(entries, [])
        ]
        s3 = self.client("s3")
        for bucket in s3.list_buckets()["Buckets"]:
            objects = s3.list_objects_v2(Bucket=bucket["Name"]).get("Contents", [])
            found += [("s3", one["Key"]) for one in objects]
        return [f"{service} {name}" for service, name in found if name != SAMS_OWN]
