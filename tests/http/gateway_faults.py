"""Faults of the fake API Gateway: each changes a request or a response that passes."""

import json
import re

import httpx

from tests.http.gateway import Change, Passing


def without(name: str) -> Change:
    """A response without a header."""

    def change(passing: Passing) -> None:
        passing.headers.pop(name, None)

    return change


def replaced(path: str, old: str, new: str) -> Change:
    """Another body for paths like this."""

    def change(passing: Passing) -> None:
        if re.match(path, passing.path):
            passing.body = re.sub(old.encode(), new.encode(), passing.body)

    return change


def unasked(name: str) -> Change:
    """A request without a header."""

    def change(passing: Passing) -> None:
        passing.asked = {k: v for k, v in passing.asked.items() if k.lower() != name}

    return change


def failing(path: str, status: int) -> Change:
    """Another status for paths that contain this."""

    def change(passing: Passing) -> None:
        if path in passing.path:
            passing.status = status

    return change


def reordered(passing: Passing) -> None:
    if passing.path.startswith("/compare") and passing.status == httpx.codes.OK:
        passing.body = json.dumps({"packages": json.loads(passing.body)["packages"][::-1]}).encode()


def as_html(passing: Passing) -> None:
    if passing.status >= httpx.codes.BAD_REQUEST:
        passing.headers["content-type"] = "text/html"
