"""How the servers are started."""

import pytest

from tools.compare.plan import VARIANTS
from tools.compare.server_arena.commands import SETTINGS, command, environment
from tools.compare.server_arena.servers import ServerDidNotStart, serving


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_variant_has_one_worker(variant: str) -> None:
    words = command(variant, 8001)
    assert words[words.index("--workers") + 1] == "1"


def test_there_are_as_many_threads_as_fastapi_may_have_calls_under_way() -> None:
    words = command("flask-threads", 8001)
    threads = words[words.index("--threads") + 1]
    assert threads == environment("http://127.0.0.1:1")["UPSTREAM_CONCURRENCY"]


def test_uvicorn_is_told_which_loop_and_which_parser_so_that_the_report_says_it() -> None:
    words = " ".join(command("fastapi", 8001))
    assert "--loop asyncio --http h11" in words
    assert "--loop asyncio --http h11" in SETTINGS["commands"]["fastapi"]


def test_what_a_user_has_set_is_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CACHE", "on")
    monkeypatch.setenv("CACHE_TABLE", "theirs")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("GUNICORN_CMD_ARGS", "--workers 4")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    served = environment("http://127.0.0.1:1")
    assert served["CACHE"] == "off"
    assert not {
        "CACHE_TABLE",
        "HTTP_PROXY",
        "GUNICORN_CMD_ARGS",
        "PYTHONDONTWRITEBYTECODE",
    } & set(served)


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_server_that_does_not_start_shows_its_log(variant: str) -> None:
    with (
        pytest.raises(ServerDidNotStart, match="PYPISTATS_URL='nowhere'"),
        serving(variant, "nowhere"),
    ):
        pass
