"""How tools reach the emulated account: where it answers, and credentials that are worth nothing."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

from tools import without_proxies_for_loopback

REGION = "us-east-1"  # as samconfig.toml has it for `local`
ROOT = "test"
"""Both halves of the credentials that the emulator gives every right; others have what IAM says."""
DIRECTLY: Final = Config(proxies={})
"""For clients of what is on the loopback: no proxy is asked for it."""


@dataclass(frozen=True)
class RequestLog:
    """An account of the emulator."""

    url: str
    """Where it answers, without a slash at the end."""
    access_key: str = ROOT
    secret_key: str = ROOT

    @property
    def session(self) -> boto3.Session:
        """What AWS's clients are made from; each still needs `endpoint_url` and `config`."""
        return boto3.Session(
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            region_name=REGION,
        )

    def path_address(self, api_url: str) -> str:
        """A deployed API's URL as the emulator also takes it, with the API's id in the path.

        By its own URL, which has the id in the host's name, the emulator keeps `/health` to itself.
        """
        api = (urlsplit(api_url).hostname or "").partition(".")[0]
        return f"{self.url}/_aws/execute-api/{api}/$default"

    def environ(self, environ: Mapping[str, str]) -> dict[str, str]:
        """An environment in which every AWS tool talks to the emulator and to nobody else.

        Nothing of `environ` that names a real account, profile or endpoint is left in it.
        """
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
