"""The stand-in's own paths: what was asked of it, and what can be changed while it runs.

They are no part of pypistats.org: requests to them are neither recorded nor limited, delayed or
spoiled. Other processes and containers use them; in this process `FakePypistats` has most of the same.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, urlsplit

from tools.fake_pypistats.answers import JSON, Answer, html
from tools.fake_pypistats.delays import milliseconds

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tools.fake_pypistats.conduct import Conduct
    from tools.fake_pypistats.ledger import Ledger, Request

#: GET reads the record, DELETE begins it anew.
RECORD_PATH: Final = "/_standin/requests"

#: GET reads the settings, PUT changes those that its query names.
SETTINGS_PATH: Final = "/_standin/settings"

PATHS: Final = (RECORD_PATH, SETTINGS_PATH)

_SWITCH: Final = {"on": True, "off": False}


def answer(method: str, target: str, ledger: Ledger, conduct: Conduct) -> Answer:
    """Answer a request to one of `PATHS`.

    Args:
        method: The HTTP method.
        target: Path and query as they stand in the request line.
        ledger: The record.
        conduct: What the settings are of.

    Returns:
        200 with JSON, as it is after the request; 400 or 405 with HTML, and nothing has changed.
    """
    parts = urlsplit(target)
    if parts.path == RECORD_PATH:
        return _record(method, ledger)
    return _settings(method, parts.query, conduct)


def _record(method: str, ledger: Ledger) -> Answer:
    if method == "DELETE":
        ledger.reset()
    elif method != "GET":
        return _not_allowed("GET, DELETE")
    connections, requests = ledger.read()
    return _json({"connections": connections, "requests": _listed(requests)})


def _listed(requests: Iterable[Request]) -> list[dict[str, str | float | None]]:
    return [
        {
            "method": request.method,
            "path": request.path,
            "user_agent": request.headers.get("user-agent", ""),
            "arrived_s": request.arrived_s,
            "processed_s": request.processed_s,
            "status": request.status,
            "duration_ms": request.duration_ms,
        }
        for request in requests
    ]


def _settings(method: str, query: str, conduct: Conduct) -> Answer:
    if method == "PUT":
        try:
            latency_ms, limits, stall_ms = _asked(query)
        except ValueError as error:
            return html(HTTPStatus.BAD_REQUEST, f"400 {error}")
        if latency_ms is not None:
            conduct.delays.latency_ms = latency_ms
        if limits is not None:
            conduct.limits.switch(on=limits)
        if stall_ms is not None:
            conduct.worker.stall(stall_ms / 1000)
    elif method != "GET":
        return _not_allowed("GET, PUT")
    return _json(
        {
            "latency_ms": conduct.delays.latency_ms,
            "limits": "on" if conduct.limits.on else "off",
        }
    )


def _asked(query: str) -> tuple[float | None, bool | None, float | None]:
    """The latency, whether limits are on, and how long to stall; None for what is to stay.

    Raises:
        ValueError: A setting is unknown or malformed.
    """
    latency_ms = limits = stall_ms = None
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name == "latency_ms":
            latency_ms = milliseconds(value)
        elif name == "limits" and value in _SWITCH:
            limits = _SWITCH[value]
        elif name == "stall_ms":
            stall_ms = milliseconds(value)
        else:
            raise ValueError("write latency_ms=MS, limits=on, limits=off or stall_ms=MS")
    return latency_ms, limits, stall_ms


def _json(content: object) -> Answer:
    return Answer(HTTPStatus.OK, (("Content-Type", JSON),), json.dumps(content).encode())


def _not_allowed(allowed: str) -> Answer:
    return html(HTTPStatus.METHOD_NOT_ALLOWED, "405", ("Allow", allowed))
