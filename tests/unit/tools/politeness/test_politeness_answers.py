"""What a client makes of the API's answers, package by package."""

import httpx
import pytest

from tools.politeness.answers import Kind, read


def entry(package: str, status: str) -> dict[str, object]:
    return {"package": package, "status": status}


@pytest.mark.parametrize(("stale", "kind"), [(False, Kind.DATA), (True, Kind.STALE)])
def test_the_figures_of_one_package_say_whether_they_are_stale(*, stale: bool, kind: Kind) -> None:
    answer = read(httpx.Response(200, json={"package": "rich", "stale": stale}), ["rich"])
    assert answer.kinds == {"rich": kind}


def test_a_comparison_says_it_for_each_package() -> None:
    body = {"packages": [entry("a", "ok"), entry("b", "stale"), entry("c", "throttled")]}
    answer = read(httpx.Response(200, json=body, headers={"retry-after": "7"}), ["a", "b", "c"])
    assert answer.kinds == {"a": Kind.DATA, "b": Kind.STALE, "c": Kind.THROTTLED}
    assert answer.throttled == ("c",)
    assert answer.retry_after_s == 7


def test_throttled_without_a_time_to_wait_is_no_promise() -> None:
    answer = read(httpx.Response(200, json={"packages": [entry("a", "throttled")]}), ["a"])
    assert answer.kinds == {"a": Kind.OTHER}
    assert answer.words


@pytest.mark.parametrize("status", ["timeout", "upstream_error", "not_found"])
def test_any_other_status_of_a_known_package_is_none_of_what_is_promised(status: str) -> None:
    answer = read(httpx.Response(200, json={"packages": [entry("a", status)]}), ["a"])
    assert answer.kinds == {"a": Kind.OTHER}


def test_503_with_a_time_to_wait_throttles_all_that_was_asked_for() -> None:
    answer = read(httpx.Response(503, headers={"retry-after": "60"}), ["a", "b"])
    assert answer.throttled == ("a", "b")


def test_an_answer_can_say_that_no_call_is_reserved() -> None:
    headers = {"retry-after": "60"}
    assert read(httpx.Response(503, headers=headers, json={"status": 503}), ["a"]).reserved
    told = {"status": 503, "reserved": False}
    assert not read(httpx.Response(503, headers=headers, json=told), ["a"]).reserved
    entries = [entry("a", "ok"), {**entry("b", "throttled"), "problem": told}]
    body = {"packages": entries}
    assert not read(httpx.Response(200, headers=headers, json=body), ["a", "b"]).reserved
    entries.append({**entry("c", "throttled"), "problem": {"status": 503}})
    assert read(httpx.Response(200, headers=headers, json=body), ["a", "b", "c"]).reserved


@pytest.mark.parametrize(
    "response",
    [
        httpx.Response(503),
        httpx.Response(503, headers={"retry-after": "soon"}),
        httpx.Response(500, headers={"retry-after": "60"}),
        httpx.Response(504),
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json={}),
        httpx.Response(200, json=[]),
    ],
)
def test_whatever_else_comes_is_none_of_what_is_promised(response: httpx.Response) -> None:
    answer = read(response, ["a", "b"])
    assert answer.kinds == {"a": Kind.OTHER, "b": Kind.OTHER}
    assert answer.words
