"""The fake's own paths: its request log, and what can be changed while it runs.

pypistats.org has no such paths. Requests to them are not logged, limited, delayed or broken. They are for other
processes and containers; in this process `FakePypistats` has the same.
"""

import json
from dataclasses import asdict
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qs, urlsplit

from tools.fake_pypistats.answers import JSON, Answer, html
from tools.fake_pypistats.behaviour import Behaviour
from tools.fake_pypistats.request_log import RequestLog
from tools.fake_pypistats.rules import milliseconds

#: GET reads the request log, DELETE clears it.
REQUESTS_PATH: Final = "/_fake/requests"

#: GET reads the settings, PUT changes those that its query names.
SETTINGS_PATH: Final = "/_fake/settings"

PATHS: Final = (REQUESTS_PATH, SETTINGS_PATH)

_MS_PER_S: Final = 1000


def answer(method: str, target: str, log: RequestLog, behaviour: Behaviour) -> Answer:
    """Answer a request to one of `PATHS`.

    Returns:
        200 with the state after the request as JSON; 400 or 405 with HTML, and nothing has changed.
    """
    parts = urlsplit(target)
    if parts.path == REQUESTS_PATH:
        return _requests(method, log)
    return _settings(method, parts.query, behaviour)


def _requests(method: str, log: RequestLog) -> Answer:
    if method == "DELETE":
        log.clear()
    elif method != "GET":
        return _not_allowed("GET, DELETE")
    connections, requests = log.read()
    listed = []
    for request in requests:
        fields = asdict(request)
        fields["user_agent"] = fields.pop("headers").get("user-agent", "")
        listed.append(fields)
    return _json({"connections": connections, "requests": listed})


def _settings(method: str, query: str, behaviour: Behaviour) -> Answer:
    if method == "PUT":
        try:
            _change(query, behaviour)
        except ValueError as error:
            return html(HTTPStatus.BAD_REQUEST, f"400 {error}")
    elif method != "GET":
        return _not_allowed("GET, PUT")
    limits = "on" if behaviour.limits.on else "off"
    return _json({"rules": behaviour.rules.specs, "limits": limits})


def _change(query: str, behaviour: Behaviour) -> None:
    """Change what the query names.

    Raises:
        ValueError: A setting is unknown or malformed; nothing has changed.
    """
    asked = parse_qs(query, keep_blank_values=True)
    unknown = asked.keys() - {"rule", "limits", "stall_ms"}
    limits = asked.get("limits", ["on"])[-1]
    if unknown or limits not in {"on", "off"}:
        raise ValueError("write rule=RULE, limits=on, limits=off or stall_ms=MS")
    stall_ms = milliseconds(asked.get("stall_ms", ["0"])[-1])
    if "rule" in asked:
        behaviour.rules.set(filter(None, asked["rule"]))
    if "limits" in asked:
        behaviour.limits.switch(on=limits == "on")
    behaviour.worker.stall(stall_ms / _MS_PER_S)


def _json(content: object) -> Answer:
    return Answer(HTTPStatus.OK, (("Content-Type", JSON),), json.dumps(content).encode())


def _not_allowed(allowed: str) -> Answer:
    return html(HTTPStatus.METHOD_NOT_ALLOWED, "405", ("Allow", allowed))
