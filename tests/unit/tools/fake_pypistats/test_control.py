"""What other processes can read and change while the fake runs."""

import json

import httpx
import pytest

from tests.unit.tools.fake_pypistats.conftest import NOW
from tools.fake_pypistats import FakePypistats, control
from tools.fake_pypistats.behaviour import Behaviour
from tools.fake_pypistats.limits import Limits
from tools.fake_pypistats.request_log import Request, RequestLog
from tools.fake_pypistats.rules import Rules
from tools.fake_pypistats.worker import Worker

RECENT = "/api/packages/requests/recent"
SETTINGS = "/_fake/settings"
REQUESTS = "/_fake/requests"


@pytest.fixture
def behaviour() -> Behaviour:
    rules = Rules(["500:*:flask"])
    return Behaviour(lambda: NOW, Limits(lambda: 0, on=False), rules, Worker(lambda: 1000))


def settings(behaviour: Behaviour, query: str = "") -> dict[str, object]:
    """The settings after they are changed, or as they are."""
    method = "PUT" if query else "GET"
    answer = control.answer(method, f"{SETTINGS}?{query}", RequestLog(), behaviour)
    assert answer.status == 200
    read: dict[str, object] = json.loads(answer.body)
    return read


def test_request_log_can_be_read_and_cleared(behaviour: Behaviour) -> None:
    log = RequestLog()
    request = Request("GET", "/a?b", {"user-agent": "Pulse/1.0", "host": "a"}, 1.5, 2.5, 200)
    log.add(request, opens_connection=True)
    request.duration_ms = 7.5
    listed = {
        "method": "GET",
        "path": "/a?b",
        "user_agent": "Pulse/1.0",
        "arrived_s": 1.5,
        "processed_s": 2.5,
        "status": 200,
        "duration_ms": 7.5,
    }
    read = control.answer("GET", REQUESTS, log, behaviour)
    assert json.loads(read.body) == {"connections": 1, "requests": [listed]}
    cleared = control.answer("DELETE", REQUESTS, log, behaviour)
    assert json.loads(cleared.body) == {"connections": 0, "requests": []}
    assert control.answer("PUT", REQUESTS, log, behaviour).status == 405


def test_settings_change_one_by_one(behaviour: Behaviour) -> None:
    assert settings(behaviour) == {"rules": ["500:*:flask"], "limits": "off"}
    assert settings(behaviour, "limits=on") == {"rules": ["500:*:flask"], "limits": "on"}
    changed = settings(behaviour, "rule=429&rule=delay=3-5:overall")
    assert changed == {"rules": ["429", "delay=3-5:overall"], "limits": "on"}
    assert settings(behaviour, "rule=") == {"rules": [], "limits": "on"}
    assert behaviour.worker.stalls_for_s == 0
    settings(behaviour, "stall_ms=1500")
    assert behaviour.worker.stalls_for_s == 1.5


def test_naming_the_limits_resets_their_counts(behaviour: Behaviour) -> None:
    settings(behaviour, "limits=on")
    while behaviour.limits.admit("192.0.2.1", "recent"):
        pass
    settings(behaviour, "limits=on")
    assert behaviour.limits.admit("192.0.2.1", "recent")


@pytest.mark.parametrize(
    "query", ["rule=flood", "stall_ms=soon", "stall_ms=", "limits=maybe", "speed=1"]
)
def test_malformed_setting_changes_nothing(behaviour: Behaviour, query: str) -> None:
    before = settings(behaviour)
    target = f"{SETTINGS}?limits=on&rule=429&stall_ms=9&{query}"
    assert control.answer("PUT", target, RequestLog(), behaviour).status == 400
    assert (settings(behaviour), behaviour.worker.stalls_for_s) == (before, 0)


def test_settings_take_no_other_method(behaviour: Behaviour) -> None:
    assert control.answer("DELETE", SETTINGS, RequestLog(), behaviour).status == 405


def test_shorter_stall_ends_no_longer_one() -> None:
    worker = Worker(lambda: 1000)
    worker.stall(3)
    worker.stall(1)
    assert worker.stalls_for_s == 3
    worker.wake()
    assert worker.stalls_for_s == 0


def test_own_paths_are_not_logged_limited_or_broken(
    client: httpx.Client, upstream: FakePypistats
) -> None:
    upstream.set_rules("500", "delay=60000")
    upstream.stall(60)
    client.put(SETTINGS, params={"limits": "on"}).raise_for_status()
    answers = [client.get(REQUESTS) for _ in range(40)]
    assert {answer.status_code for answer in answers} == {200}
    assert (upstream.requests, upstream.connections) == ([], 0)
