"""What an invocation is taken for, by what came back from SAM and what the runtime reported."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tools.compare.lambda_arena import report
from tools.compare.lambda_arena.emulator import Emulator, Invocation, Unreported
from tools.compare.lambda_arena.events import HEALTH
from tools.compare.lambda_arena.report import Report, ReportLog
from tools.compare.problems import MeasurementError

Invoke = Callable[..., Invocation]

FRESH = "Init Duration: 0.06 ms\t"


@pytest.fixture
def invoke(tmp_path: Path) -> Invoke:
    """Invokes a function that answers so, and whose runtime reports so."""

    def answer(text: str, init: str = "", *, fresh: bool = False) -> Invocation:
        log = tmp_path / "log"
        log.touch()

        def respond(request: httpx.Request) -> httpx.Response:
            assert request.url.path == "/2015-03-31/functions/FlaskThreadsFunction/invocations"
            line = f"REPORT RequestId: 7\t{init}Duration: 2.79 ms\tBilled Duration: 3 ms\t\n"
            log.write_text(line)
            return httpx.Response(200, text=text)

        transport = httpx.MockTransport(respond)
        with httpx.Client(base_url="http://sam", transport=transport) as client:
            emulator = Emulator(client, ReportLog(log))
            return emulator.invoke("flask-threads", HEALTH, fresh=fresh)

    return answer


def test_an_answer_has_status_body_and_both_times(invoke: Invoke) -> None:
    invocation = invoke(json.dumps({"statusCode": 404, "body": '{"title": "none"}'}))

    assert (invocation.status, invocation.body) == (404, {"title": "none"})
    assert invocation.report == Report(2.79, 3, first_of_container=False)
    assert invocation.client_ms > 0


@pytest.mark.parametrize("text", ["", "null", '{"errorMessage": "x"}', '{"statusCode": 200}'])
def test_a_function_that_gave_no_answer_is_what_the_gateway_makes_of_it(
    invoke: Invoke, text: str
) -> None:
    assert invoke(text).status == 500


@pytest.mark.parametrize(
    ("text", "answered"), [('{"statusCode": 500, "body": "{}"}', True), ("", False)]
)
def test_it_is_told_whether_the_function_answered_itself(
    invoke: Invoke, text: str, answered: bool
) -> None:
    assert invoke(text).answered is answered


@pytest.mark.parametrize(("init", "fresh"), [(FRESH, False), ("", True)])
def test_the_wrong_kind_of_container_is_an_error(invoke: Invoke, init: str, fresh: bool) -> None:
    with pytest.raises(MeasurementError, match="started anew"):
        invoke('{"statusCode": 200, "body": "{}"}', init, fresh=fresh)


def test_a_fresh_container_is_right_where_one_is_wanted(invoke: Invoke) -> None:
    answered = invoke('{"statusCode": 200, "body": "{}"}', FRESH, fresh=True)
    assert answered.report.first_of_container


def test_an_invocation_that_is_not_reported_says_what_came_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "PATIENCE_S", 0)

    with (
        emulator(tmp_path, lambda _: httpx.Response(200, text="")) as cut_off,
        pytest.raises(Unreported, match="SAM reported no invocation of flask") as lost,
    ):
        cut_off.invoke("flask", HEALTH, fresh=True)

    assert (lost.value.status, lost.value.body) == (500, {"detail": "no answer: "})
    assert lost.value.client_ms > 0


def test_where_sam_is_gone_its_last_words_are_told(tmp_path: Path) -> None:
    def refuse(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    (tmp_path / "log").write_text("Docker is gone")
    with (
        emulator(tmp_path, refuse) as gone,
        pytest.raises(MeasurementError, match=r"refused.*\nDocker is gone"),
    ):
        gone.invoke("flask", HEALTH, fresh=True)


@contextmanager
def emulator(
    folder: Path, respond: Callable[[httpx.Request], httpx.Response]
) -> Iterator[Emulator]:
    """An emulator that answers so, and whose runtime reports nothing of it."""
    log = folder / "log"
    log.touch()
    with httpx.Client(base_url="http://sam", transport=httpx.MockTransport(respond)) as client:
        yield Emulator(client, ReportLog(log))
