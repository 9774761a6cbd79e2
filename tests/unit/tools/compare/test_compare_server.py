"""How servers are started, and what is recorded of a load."""

from collections import Counter

import psutil
import pytest

from tools.compare.benchmark import MeasurementError
from tools.compare.plan import VARIANTS
from tools.compare.targets.load import Outcome
from tools.compare.targets.server import (
    AT_ONCE,
    Server,
    Usage,
    answered,
    command,
    environment,
    serving,
)

UPSTREAM = "http://127.0.0.1:1"


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_variant_has_one_worker(variant: str) -> None:
    words = command(variant, 8001)
    assert words[words.index("--workers") + 1] == "1"


def test_threads_are_as_many_as_fastapis_calls() -> None:
    words = command("flask-threads", 8001)
    assert words[words.index("--threads") + 1] == str(AT_ONCE)
    assert environment("fastapi", UPSTREAM)["UPSTREAM_CONCURRENCY"] == str(AT_ONCE)


def test_loop_and_parser_are_named_in_the_report() -> None:
    assert "--loop asyncio --http h11" in " ".join(command("fastapi", 8001))
    assert "--loop asyncio --http h11" in Server.settings["commands"]["fastapi"]


def test_another_transport_has_another_application() -> None:
    assert command("fastapi", 8001)[-1] == "fastapi_app.app:app"
    assert command("fastapi-aiohttp", 8001)[-1] == "tools.compare.transports:app"
    assert environment("fastapi-aiohttp", UPSTREAM)["TRANSPORT"] == "aiohttp"


def test_settings_of_the_user_are_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    users = {
        "CACHE": "on",
        "CACHE_TABLE": "theirs",
        "HTTP_PROXY": "http://127.0.0.1:9",
        "GUNICORN_CMD_ARGS": "--workers 4",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    for name, value in users.items():
        monkeypatch.setenv(name, value)
    served = environment("flask", UPSTREAM)
    assert served["CACHE"] == "off"
    assert (users.keys() - {"CACHE"}).isdisjoint(served)


@pytest.mark.parametrize("variant", ["fastapi", "flask"])
def test_a_server_that_does_not_start_shows_its_log(variant: str) -> None:
    with (
        pytest.raises(MeasurementError, match="PYPISTATS_URL='nowhere'"),
        serving(variant, "nowhere"),
    ):
        pass


def test_a_server_is_gone_after_its_block() -> None:
    with serving("flask", UPSTREAM) as running:
        assert running.start_ms > 0
        assert running.usage.rss_bytes() > 1_000_000
        assert running.usage.cpu_s() > 0
    with pytest.raises(psutil.NoSuchProcess):
        running.usage.rss_bytes()


def test_a_process_that_ended_has_no_usage() -> None:
    with pytest.raises(psutil.NoSuchProcess):
        Usage(2**22 + 1)


def test_a_load_has_a_rate_percentiles_and_errors() -> None:
    latencies = [float(one) for one in range(1, 101)]
    outcome = Outcome(latencies, asked=101, asking_s=10, errors=Counter(late=1), cpu=0.5)
    metrics = answered(outcome, clients=10)
    assert metrics == {
        "requests_per_s": 100,
        "p50_ms": 50.5,
        "p95_ms": pytest.approx(95.05),
        "p99_ms": pytest.approx(99.01),
        "errors": 1,
        "clients_cpu": 0.5,
    }


def test_a_load_without_an_answer_has_no_percentiles() -> None:
    assert "p50_ms" not in answered(Outcome(asked=1, asking_s=1, errors=Counter(late=1)), 1)
