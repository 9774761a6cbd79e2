"""What API Gateway would hand to a function: a GET request as an event of payload 2.0."""

import json
from collections.abc import Sequence


def get_event(path: str, query: str = "") -> bytes:
    """A GET request as JSON; `query` is without its question mark."""
    host = "a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com"
    return json.dumps(
        {
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": path,
            "rawQueryString": query,
            "headers": {
                "accept": "application/json",
                "content-length": "0",
                "host": host,
                "user-agent": "pypi-pulse (compare)",
                "x-forwarded-for": "192.0.2.10",
                "x-forwarded-port": "443",
                "x-forwarded-proto": "https",
            },
            "requestContext": {
                "accountId": "123456789012",
                "apiId": "a1b2c3d4e5",
                "domainName": host,
                "domainPrefix": "a1b2c3d4e5",
                "http": {
                    "method": "GET",
                    "path": path,
                    "protocol": "HTTP/1.1",
                    "sourceIp": "192.0.2.10",
                    "userAgent": "pypi-pulse (compare)",
                },
                "requestId": "Examplec0f6b29=",
                "routeKey": "$default",
                "stage": "$default",
                "time": "22/Nov/2026:09:30:00 +0000",
                "timeEpoch": 1795339800123,
            },
            "isBase64Encoded": False,
        }
    ).encode()


HEALTH = get_event("/health")
"""A request that needs no upstream call."""


def one_package(package: str) -> bytes:
    """The article's request: the numbers of one package."""
    return get_event(f"/packages/{package}")


def comparison(packages: Sequence[str]) -> bytes:
    """The fan-out: one request that needs a call upstream for each package."""
    return get_event("/compare", "packages=" + ",".join(packages))
