"""What the tests of this folder get from functions in containers."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import httpx

TEN_PACKAGES = (
    *("requests", "boto3", "numpy", "urllib3", "idna"),
    *("certifi", "click", "flask", "fastapi", "httpx"),
)
"""What events/compare.json asks for, in its order: packages that the fake pypistats.org knows."""

FAILING_PACKAGE = "stamina"
"""One that this folder's fake pypistats.org always answers 500 on."""


@dataclass(frozen=True)
class Answer:
    """A function's proxy response."""

    status: int
    content_type: str
    body: Any

    @classmethod
    def of(cls, response: dict[str, Any]) -> Self:
        """Read what the function returned; HTTP APIs take headers in either of two keys."""
        headers = {name.lower(): value for name, value in response.get("headers", {}).items()}
        return cls(response["statusCode"], headers["content-type"], json.loads(response["body"]))


Invoke = Callable[[str, str], Answer]
"""The answer of a function to a file of events/, both by name."""


@dataclass(frozen=True)
class Served:
    """`sam local start-api`, over TLS."""

    client: httpx.Client
    """Trusts the certificate's authority alone."""
    log: Path
    """What SAM and the functions print."""
    certificate: Path
    """The folder of the certificate."""
