"""What the tests of this folder get from functions in containers."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Self

import httpx

TEN_PACKAGES = (
    *("requests", "boto3", "numpy", "urllib3", "idna"),
    *("certifi", "click", "flask", "fastapi", "httpx"),
)
"""What events/compare.json asks for, in its order: packages that the stand-in knows."""

FAILING_PACKAGE = "stamina"
"""One that this folder's stand-in always answers 500 on."""


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

ServeApi = Callable[..., AbstractContextManager[httpx.Client]]
"""`sam local start-api` for the length of a `with` block, over TLS if it is given a certificate.

The client knows where it is, and trusts the certificate. What is printed goes to a file, if one is given.
"""
