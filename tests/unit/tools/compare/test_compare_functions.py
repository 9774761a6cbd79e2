"""Lambda's Runtime API, as a runtime sees it, and what counts as an answer; no Docker takes part."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tools.compare.benchmark import MeasurementError
from tools.compare.targets import containers
from tools.compare.targets.artifacts import sizes
from tools.compare.targets.functions import PACKAGES, comparison, event, statuses
from tools.compare.targets.runtime_api import Answer, RuntimeApi, runtime_api

RUNTIME = "2018-06-01/runtime"


@contextmanager
def runtime(*posted: str) -> Iterator[tuple[RuntimeApi, list[httpx.Response]]]:
    """A runtime that posts these answers, one for each event, and the events that it got."""
    events: list[httpx.Response] = []

    def work() -> None:
        with httpx.Client(base_url=f"http://{api.address}", trust_env=False) as client:
            for answer in posted:
                taken = client.get(f"/{RUNTIME}/invocation/next")
                events.append(taken)
                request_id = taken.headers["lambda-runtime-aws-request-id"]
                client.post(f"/{RUNTIME}/invocation/{request_id}/response", content=answer)

    with runtime_api() as api:
        thread = threading.Thread(target=work)
        thread.start()
        yield api, events
        thread.join()


def test_an_event_is_answered() -> None:
    response = json.dumps({"statusCode": 200, "body": '{"status": "ok"}'})
    with runtime(response, response) as (api, events):
        assert api.wait_until_ready(10)
        first, second = api.invoke(b'{"a": 1}', 10), api.invoke(b'{"a": 2}', 10)
    assert (first.status, first.body) == (200, {"status": "ok"})
    assert 0 < second.duration_ms < 10_000
    assert [taken.json() for taken in events] == [{"a": 1}, {"a": 2}]
    assert int(events[0].headers["lambda-runtime-deadline-ms"]) > 1_700_000_000_000


@pytest.mark.parametrize("posted", ['{"errorMessage": "no"}', "not JSON", "[]", '"text"'])
def test_a_crash_is_a_500(posted: str) -> None:
    with runtime(posted) as (api, _):
        answer = api.invoke(b"{}", 10)
    assert answer.status == 500
    assert answer.body == {"detail": posted}


def test_no_answer_in_time_is_a_504() -> None:
    with runtime() as (api, _):
        answer = api.invoke(b"{}", 0.01)
    assert (answer.status, answer.duration_ms) == (504, 10)


def test_a_waiting_runtime_is_let_go() -> None:
    with runtime_api() as api:
        waiting = threading.Thread(target=_ask_in_vain, args=(api.address,))
        waiting.start()
        assert api.wait_until_ready(10)
    waiting.join(10)
    assert not waiting.is_alive()


def _ask_in_vain(address: str) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.get(f"http://{address}/{RUNTIME}/invocation/next", timeout=10, trust_env=False)


def test_events_are_those_of_api_gateway() -> None:
    one = json.loads(event("/packages/flask", "mirrors=false"))
    assert one["rawPath"] == one["requestContext"]["http"]["path"] == "/packages/flask"
    assert one["rawQueryString"] == "mirrors=false"
    assert one["version"] == "2.0"
    assert json.loads(comparison(["a"]))["rawPath"] == "/packages/a"
    assert json.loads(comparison(["a", "b"]))["rawQueryString"] == "packages=a,b"


def test_fifty_ordinary_packages_are_known() -> None:
    assert len(set(PACKAGES[:50])) == 50


def stats(package: str, *, stale: bool = False) -> dict[str, Any]:
    return {"package": package, "stale": stale}


def entry(package: str, status: str = "ok", **changes: object) -> dict[str, Any]:
    problem = {"package": package, "status": status, "stats": None}
    ok = {"package": package, "status": status, "stats": stats(package)}
    return {**(ok if status == "ok" else problem), **changes}


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ([entry("a"), entry("b")], ["ok", "ok"]),
        ([entry("a"), entry("b", "throttled")], ["ok", "throttled"]),
        ([entry("b"), entry("a")], ["wrong", "wrong"]),
        ([entry("a", stats=stats("a", stale=True)), entry("b")], ["wrong", "ok"]),
        ([entry("a")], ["ok"]),
    ],
)
def test_packages_answered_are_counted_one_by_one(
    body: list[dict[str, Any]], found: list[str]
) -> None:
    assert statuses(Answer(200, {"packages": body}, 1), ["a", "b"]) == found


def test_a_problem_answers_no_package() -> None:
    assert statuses(Answer(503, {"status": 503}, 1), ["a", "b"]) == []
    assert statuses(Answer(404, stats("a"), 1), ["a"]) == []
    assert statuses(Answer(200, stats("a"), 1), ["a"]) == ["ok"]


def test_sizes_of_an_artifact(tmp_path: Path) -> None:
    (tmp_path / "pulse").mkdir()
    (tmp_path / "pulse" / "names.py").write_bytes(b"x" * 100_000)
    found = sizes(tmp_path)
    assert found["unzipped_bytes"] == 100_000
    assert 0 < found["zipped_bytes"] < 1000


@pytest.mark.parametrize(
    "told",
    [
        "52428800\nanon 41943040\nfile 1\n",  # version 2 of cgroups
        "52428800\ncache 1\nrss 3\ntotal_rss 41943040\n",  # version 1
    ],
)
def test_memory_is_read_from_either_cgroup(monkeypatch: pytest.MonkeyPatch, told: str) -> None:
    monkeypatch.setattr(containers, "docker", lambda *_: told)
    function = containers.Function(Path(), "handler", {}, 1)
    memory = containers.Container("name", RuntimeApi(""), function).memory()
    assert memory == {"peak_bytes": 52428800, "anon_bytes": 41943040}


def test_a_cgroup_that_does_not_tell_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(containers, "docker", lambda *_: "cat: no such file\n")
    function = containers.Function(Path(), "handler", {}, 1)
    with pytest.raises(MeasurementError):
        containers.Container("name", RuntimeApi(""), function).memory()
